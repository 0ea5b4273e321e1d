//! SMTP submission as values (RFC 5321, RFC 6409): bytes and events go in, [`Wish`]es come out.
//!
//! In scope: the conversation with one server from its greeting to its farewell, with STARTTLS, signing in, several
//! messages, a verdict per recipient, and what is known when it breaks off; what a [`Reply`] means ([`judge`]).
//! Out of scope: the socket, TLS and the clock (the host's), the message itself (crate `mail`), when to try again
//! (crate `gateway`).
//!
//! Nothing here performs IO, reads a clock or makes random values. A [`Host`] carries out one wish after the other until
//! [`Wish::Close`]; every wish can be answered, if need be by [`Session::closed`] or [`Session::timed_out`], and after
//! either of them the session ends with a stated [`Outcome`].

mod capabilities;
mod class;
mod converse;
mod judge;
mod message;
mod outcome;
mod phase;
mod plan;
mod queue_id;
mod reader;
mod reply;
mod sasl;
mod session;
mod step;
mod stuffing;
mod wish;

pub use class::{Class, Switch};
pub use converse::{Host, Piece, converse, farewell, hand_over, unconnected};
pub use judge::{Judgement, judge};
pub use message::{Encoding, Message};
pub use outcome::{Ending, Outcome, Stop, Verdict};
pub use phase::Phase;
pub use plan::{Auth, Credentials, EhloName, Nonce, Plan, PlanError, Security};
pub use reader::ReplyError;
pub use reply::{Enhanced, Reply};
pub use session::Session;
pub use step::Step;
pub use wish::Wish;
