//! What the end-to-end scenarios stand on: the built Worker on workerd, a Microsoft to sign in at, and a browser.
//!
//! Everything of a [`Stack`] is its own: ports, secrets, state, all in a temporary directory that goes away with the
//! test process, however that ends. What is asserted on is what arrived at the other side: the sandbox's inbox.
//!
//! `cargo xtask test` starts the scenarios; by hand: `eval "$(cargo xtask env)"`, then `cargo test -p end-to-end`.
//! `POSTBODE_KEEP=1` keeps the directories (and says where they are), with the logs of what ran in them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "a harness fails by panicking, in the test that uses it"
)]

pub mod browser;
pub mod certificate;
pub mod company;
mod database;
pub mod gallery;
mod guardian;
pub mod http;
mod installation;
pub mod mail;
pub mod message;
pub mod person;
mod places;
pub mod proxy;
pub mod relay;
pub mod sandbox;
pub mod search;
mod secrets;
pub mod servers;
pub mod soak;
mod stack;
mod time;

pub use places::Places;
pub use secrets::random_text;
pub use stack::{Options, Stack};
pub use time::{scenario, until};
