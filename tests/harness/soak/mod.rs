//! The outbox under what happens to it on a bad day: its process killed, everything failing at once, more mail than ever.
//!
//! Each part drives one company and judges every message against the sandbox's ledger, whatever the product says about it.
//! The scenarios do it in short, `cargo xtask soak` at length.

mod drain;
pub mod faults;
mod judge;
mod kill;
mod mishaps;
pub mod pace;
mod phase;
mod report;
mod table;

pub use drain::{batch, drained, numbered};
pub use kill::kill_in_every_phase;
pub use phase::Way;
pub use report::Report;
pub use table::Table;
