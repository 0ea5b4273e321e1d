//! A mail that cannot be wrong: addresses, headers and bodies as types that no CR or LF gets into.
//!
//! In scope: reading what an ERP posted into a [`Message`] or a [`RawMessage`], telling everything that is wrong with it
//! at once; writing a message as MIME.
//! Out of scope: who may send as whom and how large a message may be (crate `gateway`), Graph's JSON (crate `microsoft`),
//! dot-stuffing and everything else that SMTP does to a message (whoever speaks SMTP).
//! Nothing here performs IO, reads a clock or makes random values.

mod address;
mod attachment;
mod content;
#[cfg(feature = "fixtures")]
pub mod fixtures;
mod form;
mod header;
mod message;
mod mime;
mod raw;
mod text;

pub use address::{AddressError, Correspondent, EmailAddress};
pub use attachment::Attachment;
pub use content::Content;
pub use form::{MultipartForm, PartHead};
pub use header::{Header, HeaderError};
pub use message::{Body, Message, check_idempotency_key, check_reference};
pub use mime::{Bcc, InternetMessageId, InternetMessageIdError, MimeFrame};
pub use raw::RawMessage;
