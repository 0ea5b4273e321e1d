//! Sealing and credentials: the key ring, what a sealed record is bound to, keys of callers, and what must not be shown.

mod credential;
mod digest;
mod key_ring;
mod redact;

pub use credential::{Credential, Mint, Minted, Purpose, purpose, same_secret};
pub use digest::sha256;
pub use key_ring::{KeyRing, KeyRingError, Opening, Record, SealError, Sealing};
pub use redact::{masked, masked_upstream};
