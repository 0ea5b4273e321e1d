//! The outbox under kills, at length: the process that hosts the objects dies twenty times in each phase of a message.
//!
//! `cargo xtask soak` runs it, prints what became of every message, and fails when one is lost or was sent twice.

#![expect(clippy::print_stdout, reason = "a table is what it is for")]

use end_to_end::scenario;
use end_to_end::soak::kill_in_every_phase;

/// In each phase.
const KILLS: usize = 20;

fn main() {
    let report = scenario(kill_in_every_phase(KILLS));
    println!("{report}");
    report.must_be_right();
}
