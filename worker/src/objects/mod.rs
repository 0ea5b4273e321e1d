//! The three Durable Objects and how they are called.
//!
//! An object is the only one that touches its rows. It writes nothing until the call that creates it, so that a call for
//! something that does not exist leaves no trace.

mod call;
mod database;
pub(crate) mod directory;
pub(crate) mod mailbox;
pub(crate) mod organisation;
mod sql;
mod stub;

pub(crate) use stub::{Object, Objects, Passed, deliver};
