//! What the Worker and a relay say to each other, so that somebody can write another relay: `docs/relay-contract.md`.
//!
//! In scope: the order, its signature, who is believed, and the answer. Time is an argument.
//! Out of scope: HTTP, SMTP, and remembering what was done; whoever runs a relay does that.
//! Never here: IO, a clock, or a way to print a secret.

mod answer;
mod order;
mod replays;
mod signature;
pub mod wire;

pub use answer::{Event, Problem, ProblemCode};
pub use order::{Auth, Envelope, Order, OrderError, Server};
pub use replays::Replays;
pub use signature::{Key, KeyError, Refused, Request, SKEW_MS_MAX, Signature};
