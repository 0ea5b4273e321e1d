//! The outbox: what is accepted, how it leaves, and how it is steered.

pub(super) mod accept;
mod cancel;
pub(super) mod carry_out;
pub(super) mod frame;
mod hand_over;
mod hold;
mod idempotency;
mod lane;
mod limits;
mod list;
mod lost;
mod messages;
pub(super) mod pump;
mod read_mime;
mod record;
mod retry;
mod staging;
pub(super) mod submit;
mod sweep;
