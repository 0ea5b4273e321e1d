//! A mail that cannot be wrong: addresses, headers and bodies as types that no CR or LF gets into.
//!
//! In scope: reading what an ERP posted into a [`Message`], telling everything that is wrong with it at once.
//! Out of scope: who may send as whom and how large a message may be (crate `gateway`), how a route writes it down
//! (crate `microsoft` for Graph).
//! Nothing here performs IO, reads a clock or makes random values.

mod address;
mod attachment;
mod header;
mod message;
mod mime;
mod text;

pub use address::{AddressError, Correspondent, EmailAddress};
pub use attachment::Attachment;
pub use header::{Header, HeaderError};
pub use message::{Body, Message};
pub use mime::{Bcc, InternetMessageId, InternetMessageIdError, MimeFrame};
