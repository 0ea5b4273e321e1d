//! The outbox under kills, in short; `cargo xtask soak` is the long form.

use end_to_end::scenario;
use end_to_end::soak::kill_in_every_phase;

#[test]
fn whatever_is_killed_nothing_accepted_is_lost_and_nothing_sent_twice() {
    let report = scenario(kill_in_every_phase(2));
    eprintln!("{report}");
    report.must_be_right();
}
