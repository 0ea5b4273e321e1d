//! The authentication: how it comes about, is renewed, copied to KV and ended.

mod approval;
mod consent;
mod kv;
mod prove;
mod redeem;
pub(super) mod refresh;
mod remove;
mod tokens;
