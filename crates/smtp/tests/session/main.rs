//! The conversation as a server sees it: whole, in pieces, cut, refused, misled, and beside another client.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod alternatives;
mod connection;
mod conversations;
mod harness;
mod hook;
mod judgements;
mod misbehaviour;
mod oracle;
mod properties;
mod refusals;
