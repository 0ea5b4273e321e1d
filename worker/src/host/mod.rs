//! What a Worker has and a pure crate has not: clock, randomness, deadlines, HTTP, encryption, signatures, a log.

mod clock;
mod deadline;
mod fetch;
mod log;
pub(crate) mod memory;
mod random;
mod relay;
mod request_scope;
mod signing;
mod submission;
mod vault;

pub(crate) use clock::now;
pub(crate) use deadline::within;
pub(crate) use fetch::Fetch;
pub(crate) use log::{Line, log};
pub(crate) use random::random;
pub(crate) use relay::{Relay, RelayTrouble};
pub(crate) use request_scope::{current_request, in_request};
pub(crate) use signing::{is_signed_by, sign_ps256};
pub(crate) use submission::Connection;
pub(crate) use vault::Vault;
