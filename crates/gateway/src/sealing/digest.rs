use sha2::{Digest as _, Sha256};

/// SHA-256, for values that are compared and never needed again.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
