//! A local stand-in for Microsoft 365, for people without a tenant and for tests: Entra ID's consent and tokens,
//! Graph's `sendMail`, Exchange's SMTP, and an inbox that shows what was sent.
//!
//! In scope: what `docs/sandbox.md` lists, each with the fact it comes from. Out of scope: everything else, which is
//! answered with `501` and its own name, never with a guess. State is in memory and ends with the process.
//!
//! This crate knows nothing of `crates/microsoft` and `crates/mail`: it reads the facts a second time, so that one
//! misreading can't hide in both sides. "Section" in the comments here is a section of the Microsoft fact sheet;
//! [U] marks a wording or number that nobody could look up.

mod account;
mod apps;
mod certificate;
mod clock;
mod config;
mod consents;
mod control;
mod directory;
mod entra;
mod faults;
mod graph;
mod home;
mod html;
mod inbox;
mod log;
mod origin;
mod policy;
mod random;
mod refused;
mod router;
mod scopes;
mod serve;
mod smtp;
mod state;
#[cfg(test)]
mod testing;
mod tls;

pub use clock::Clock;
pub use config::{Config, SendAsDenied, Settings};
pub use origin::Scheme;
pub use random::secret;
pub use router::router;
pub use serve::{Addresses, Serving, serve};
pub use state::Sandbox;
