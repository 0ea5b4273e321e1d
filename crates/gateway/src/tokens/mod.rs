//! The tokens of a mailbox: what is stored of them, when they are renewed, and their copy in KV.

pub(crate) mod authentication;
mod kv_copy;
mod renewal;
mod single_flight;

pub use authentication::{AccessRecord, Authentication, Pause, SealedText, SealedToken, Trouble, view};
pub use kv_copy::{delete_copies, follow, postpone};
pub use renewal::{
    DEFAULT_KEEPALIVE_MS, DEFAULT_RENEW_AFTER_MS, KV_PUT_EVERY_MS, REFRESH_TOKEN_LIFE_MS,
    access_token_usable, good_until, keepalive_at, next_renewal, renewal_due,
};
pub(crate) use single_flight::note_failure;
pub use single_flight::{
    FLIGHT_MS_MAX, NewTokens, Renewal, Renewed, Tokens, fresh_token_refused, not_signed_in,
};
