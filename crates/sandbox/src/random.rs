//! The one place that draws random numbers.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Fills the buffer from the operating system.
#[expect(clippy::expect_used, reason = "without randomness a stand-in for a sign-in service must stop")]
pub(crate) fn fill(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("the operating system gives random bytes");
}

/// So many random bytes as base64url; four characters for every three bytes.
pub(crate) fn text(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    fill(&mut buffer);
    URL_SAFE_NO_PAD.encode(buffer)
}

/// A random GUID in lower case.
pub(crate) fn guid() -> String {
    let mut bytes = [0; 16];
    fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// A number in `low..=high`.
pub(crate) fn between(low: i64, high: i64) -> i64 {
    let mut bytes = [0; 4];
    fill(&mut bytes);
    low + i64::from(u32::from_le_bytes(bytes)) % (high - low + 1).max(1)
}

/// A client secret for one run, in Entra's size (40 characters).
#[must_use]
pub fn secret() -> String {
    text(30)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_between_and_differs() {
        assert!((0..200).all(|_| (3600..=5400).contains(&between(3600, 5400))));
        assert_eq!(between(7, 7), 7);
        assert_ne!(guid(), guid());
        assert_eq!(secret().len(), 40);
    }
}
