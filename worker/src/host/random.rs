use api::{Code, Problem};

/// Random bytes from the runtime's `crypto.getRandomValues`.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Problem::new(Code::Internal, "runtime gave no randomness"))?;
    Ok(bytes)
}
