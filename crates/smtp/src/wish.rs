use std::fmt;

use crate::outcome::Outcome;

/// What the host must do next.
#[must_use = "the session waits until this is carried out"]
#[derive(Clone, PartialEq, Eq)]
pub enum Wish {
    /// Write and flush all of it; a failure is told by `closed()`.
    Write(Vec<u8>),
    /// Read once, and give *everything* that was read to `received()`.
    Read,
    /// Begin TLS on this connection, with no read pending, then call `tls_ready()` or `tls_failed()`.
    UpgradeToTls,
    /// Call `chunk()` with the next bytes of the message, `end_of_message()` after the last, or `abandon()`.
    NextChunk,
    /// What became of the message. Another one may follow now, by `next_message()`; else the session says goodbye.
    Finished(Outcome),
    /// Close the connection; there is nothing after it.
    Close,
}

/// Without the bytes to write: they may be a password, a token or a person's mail.
impl fmt::Debug for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(bytes) => write!(f, "Write([{} bytes])", bytes.len()),
            Self::Read => f.write_str("Read"),
            Self::UpgradeToTls => f.write_str("UpgradeToTls"),
            Self::NextChunk => f.write_str("NextChunk"),
            Self::Finished(outcome) => f.debug_tuple("Finished").field(outcome).finish(),
            Self::Close => f.write_str("Close"),
        }
    }
}
