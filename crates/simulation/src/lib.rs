//! Deterministic simulation of a mailbox: the machine that runs in production, in a world of virtual time in which
//! Microsoft, mail servers, KV, storage and the host itself are slow, wrong, refusing or dead.
//!
//! A *seed* makes a [`Plan`]; [`run`] runs it against the real [`gateway::mailbox::Mailbox`] over `SQLite` in memory, and
//! holds invariants after every step; [`shrink`] makes a plan that fails as short as it can. The same seed tells the same
//! story, on every machine.
//!
//! In scope: everything that the core decides. Out of scope: HTTP, sealing and sockets, which the Worker's own tests
//! bring. Models: `TigerBeetle`'s VOPR, `FoundationDB`.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a simulation is a test: where its own code is wrong, it fails by panicking"
)]

mod campaign;
mod clock;
mod database;
mod delivery;
mod entra;
mod erp;
mod graph;
mod host;
mod invariants;
mod kv;
mod operator;
mod people;
mod plan;
mod random;
mod shrink;
mod smtp_server;
mod stats;
mod story;
mod truth;
mod watch;
mod world;

pub use campaign::{Campaign, Failure, Found};
pub use database::{Sqlite, StorageError, StorageFault};
pub use entra::EntraMood;
pub use graph::GraphMood;
pub use plan::{Change, Happening, Plan, Planned, Post, SignIn};
pub use random::Random;
pub use shrink::shrink;
pub use smtp_server::SmtpMood;
pub use stats::Stats;
pub use story::{Telling, Violation};
pub use world::{Report, run};
