//! The outbox: what is accepted, when each message goes, and what follows each attempt.
//!
//! [`Message`] owns every transition of a message; [`Scheduler`] owns who goes when; [`release`] and [`retention`] own
//! what happens to many messages over time.

mod accept;
mod attempt;
mod circuit_breaker;
mod delivery_result;
mod failure_table;
mod form;
mod lease;
mod message;
mod profile;
mod rate_limit;
mod recipients;
mod refusal_backoff;
pub(crate) mod release;
pub(crate) mod retention;
mod retry_policy;
mod run_budget;
mod scheduler;
mod slow_down;
mod state;

pub use accept::{accept, message_bytes_effective};
pub use attempt::{AttemptKey, Delivery};
pub(crate) use attempt::{Gate, Started};
pub use circuit_breaker::{Circuit, CircuitBreaker};
pub use delivery_result::{DeliveryResult, NewMessage, Policy};
pub use form::Form;
pub use lease::Lease;
pub use message::{Message, NEVER, named_person};
pub use profile::MessageProfile;
pub use rate_limit::{Limits, MESSAGES_PER_MINUTE, RECIPIENTS_PER_DAY, RateLimit, Unbooked};
pub use recipients::{RecipientStates, Said};
pub use refusal_backoff::RefusalBackoff;
pub use retry_policy::{
    AfterAttempt, CONCURRENCY_MAX, Next, RETRY_FOR_MS, Stage, after_refusal, concerns_the_mailbox,
    concurrency_max, held_until, pauses_the_mailbox,
};
pub use run_budget::RunBudget;
pub use scheduler::{HAND_OVER_MS_MAX, REST_MS, Scheduler};
pub(crate) use slow_down::count_unseen;
pub use state::{OutboxState, Unseen};
