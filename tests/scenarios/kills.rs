//! The outbox under kills, in short; `cargo xtask soak` is the long form.

use end_to_end::scenario;
use end_to_end::soak::{Way, kill_in_every_phase};

#[test]
fn whatever_is_killed_by_graph_nothing_accepted_is_lost_and_nothing_sent_twice() {
    in_short(Way::Graph);
}

#[test]
fn whatever_is_killed_by_smtp_nothing_accepted_is_lost_and_nothing_sent_twice() {
    in_short(Way::Smtp);
}

fn in_short(way: Way) {
    let report = scenario(kill_in_every_phase(way, 2));
    eprintln!("{report}");
    report.must_be_right();
}
