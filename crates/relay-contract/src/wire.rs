//! Names that a request bears: `docs/relay-contract.md`.

/// Where a relay takes orders.
pub const PATH: &str = "/v1/submissions";
/// The relay's id.
pub const RELAY: &str = "postbode-relay";
/// When the request was made, in milliseconds since 1970.
pub const TIME: &str = "postbode-time";
/// Random, and used once.
pub const NONCE: &str = "postbode-nonce";
/// Bytes of the order at the beginning of the body.
pub const ORDER_LENGTH: &str = "postbode-order-length";
/// SHA-256 of the message in lower-case hexadecimal.
pub const MESSAGE_SHA256: &str = "postbode-message-sha256";
/// The signature.
pub const SIGNATURE: &str = "postbode-signature";

/// The longest order, in bytes: a thousand recipients and a token of real size fit twice.
pub const ORDER_BYTES_MAX: usize = 262_144;
/// How long a nonce is at least: 16 bytes in base64url.
pub const NONCE_CHARS_MIN: usize = 22;
/// How long a nonce is at most.
pub const NONCE_CHARS_MAX: usize = 64;
