//! The outbox on a bad day, at length: its process dies twenty times in each phase of a message, every fault happens while a
//! thousand mails go out, and more is posted than ever.
//!
//! `cargo xtask soak` runs it, prints what became of every message, and fails when one is lost, was sent twice or is
//! explained wrongly.

#![expect(clippy::print_stdout, reason = "tables are what it is for")]

use end_to_end::soak::faults::all_while_draining;
use end_to_end::soak::{Table, Way, kill_in_every_phase, pace};
use end_to_end::{Options, Stack, scenario};

/// In each phase, by each way.
const KILLS: usize = 20;
/// Mails that wait while faults happen.
const QUEUED_GRAPH: usize = 1000;
/// By SMTP each takes about three times as long.
const QUEUED_SMTP: usize = 300;
/// Messages posted to see how fast they are accepted.
const POSTED: usize = 2000;

fn main() {
    scenario(async {
        // Both ways at the same time: most of it is waiting for a process to come back.
        let (mut kills, by_smtp) =
            tokio::join!(kill_in_every_phase(Way::Graph, KILLS), kill_in_every_phase(Way::Smtp, KILLS));
        kills.extend(by_smtp);
        println!("{kills}\n");
        let mut tables = Vec::new();
        for (way, count) in [(Way::Graph, QUEUED_GRAPH), (Way::Smtp, QUEUED_SMTP)] {
            let table = all_while_draining(way, 3, count).await;
            println!("{count} mails queued, {way:?}\n{table}\n");
            tables.push(table);
        }
        let stack = Stack::start(Options::default()).await;
        println!("{}", pace::table(&stack, POSTED).await);
        kills.must_be_right();
        tables.iter().for_each(Table::must_be_right);
    });
}
