//! Postbode's Cloudflare Worker: takes requests in, keeps state in Durable Objects and KV, carries out what the pure
//! crates decide.
//!
//! In scope: routes, the three objects, storage, encryption, `fetch`.
//! Out of scope: rules that can be decided from values belong in `gateway`, `microsoft` and `mail`.
//! Never here: a provider token in an answer, a log line or an unsealed row; a panic that a request can reach.

#[cfg(target_arch = "wasm32")]
mod config;
#[cfg(target_arch = "wasm32")]
mod entry;
#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
mod objects;
#[cfg(target_arch = "wasm32")]
mod registration;
#[cfg(target_arch = "wasm32")]
mod routes;
