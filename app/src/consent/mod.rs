//! Signing a mailbox in at Microsoft: OAuth 2 authorization code with PKCE, begun and finished in the browser.
//!
//! `secrets` makes what only this browser knows, `kept` holds it while the person is away, `arrival` reads what comes
//! back, `channel` lets the window that came back talk to the one that waits, `flow` is the whole of it.

pub(crate) mod arrival;
pub(crate) mod channel;
pub(crate) mod flow;
pub(crate) mod kept;
pub(crate) mod link;
mod secrets;
