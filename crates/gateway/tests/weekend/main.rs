//! Weeks of sending in virtual time: what the rules decide, one after another, against another side that follows a script and
//! keeps count of what it was asked.
//!
//! Nothing here waits: time steps to the next moment at which anything can happen.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod mailbox;
mod other_side;

use api::Timestamp;
use gateway::RETRY_FOR_MS;
use mailbox::{Ended, Mailbox, People, Post};
use other_side::{Act, OtherSide, Phase};
use proptest::prelude::*;

const HOUR_MS: i64 = 3_600_000;
/// 2026-11-20T17:00Z, a Friday.
const FRIDAY: Timestamp = Timestamp::from_millis(1_795_194_000_000);

fn hours(hours: i64) -> Timestamp {
    FRIDAY.plus_millis(hours * HOUR_MS)
}

/// So many messages to one recipient each, one a second.
fn invoices(count: i64) -> Vec<Post> {
    (0..count).map(|second| Post { at: FRIDAY.plus_seconds(second), recipients: 1 }).collect()
}

fn phase(until: Timestamp, acts: &[Act]) -> Phase {
    Phase { until, acts: acts.to_vec() }
}

/// Runs a mailbox until nothing more happens by itself, and holds what must hold whatever the other side did.
fn run(posts: &[Post], people: People, script: Vec<Phase>) -> (Mailbox, OtherSide) {
    let (mut mailbox, mut side) = (Mailbox::new(posts, people), OtherSide::new(script));
    mailbox.run(&mut side);
    side.was_asked_for_no_more_than_it_takes();
    for (number, message) in mailbox.messages.iter().enumerate() {
        let (taken, lost) = (side.taken(number), side.taken_and_cut(number));
        match message.ended.unwrap_or_else(|| panic!("message {number} has no end")).0 {
            Ended::HandedOver if people.repeat_unknown => assert!((1..=1 + lost).contains(&taken)),
            Ended::HandedOver => assert_eq!(taken, 1, "message {number}"),
            Ended::Unknown => assert!(!people.repeat_unknown && taken == lost, "message {number}"),
            Ended::Refused | Ended::Expired => assert_eq!(taken, lost, "message {number}"),
        }
    }
    (mailbox, side)
}

fn ends(mailbox: &Mailbox, ended: Ended) -> usize {
    mailbox.messages.iter().filter(|message| message.ended.is_some_and(|(end, _)| end == ended)).count()
}

fn last_end(mailbox: &Mailbox) -> Timestamp {
    mailbox.messages.iter().filter_map(|message| message.ended).map(|(_, at)| at).max().unwrap()
}

#[test]
fn an_outage_from_friday_to_monday_loses_nothing() {
    let monday = hours(62);
    for away in [Act::Unavailable, Act::Throttle(120)] {
        let (mailbox, side) = run(&invoices(100), People::default(), vec![phase(monday, &[away])]);
        assert_eq!(ends(&mailbox, Ended::HandedOver), 100);
        // An hour and a quarter until the last has noticed.
        assert!(last_end(&mailbox).since(monday) < 2 * HOUR_MS, "{}", last_end(&mailbox));
        assert!(side.asked() < 100 * 80, "{} requests", side.asked());
    }
}

#[test]
fn an_outage_of_two_weeks_ends_every_message_after_four_days() {
    let (mailbox, _) =
        run(&invoices(20), People::default(), vec![phase(hours(14 * 24), &[Act::Unavailable])]);
    assert_eq!(ends(&mailbox, Ended::Expired), 20);
    for message in &mailbox.messages {
        let tried_ms = message.ended.unwrap().1.since(message.since);
        assert!((RETRY_FOR_MS - 2 * HOUR_MS..=RETRY_FOR_MS).contains(&tried_ms));
    }
}

#[test]
fn more_than_a_day_takes_goes_out_over_days_and_nothing_expires() {
    let posts = [Post { at: FRIDAY, recipients: 100 }; 550];
    let (mailbox, side) = run(&posts, People::default(), Vec::new());
    assert_eq!((ends(&mailbox, Ended::HandedOver), side.asked()), (550, 550));
    assert!(last_end(&mailbox).since(FRIDAY) > RETRY_FOR_MS, "55,000 recipients are more than five days");
}

#[test]
fn what_waits_for_a_person_goes_out_when_they_come_and_ends_when_nobody_does() {
    let script = || vec![phase(hours(62), &[Act::RefuseToken])];
    let somebody = People { sign_in_at: Some(hours(63)), ..People::default() };
    let (mailbox, side) = run(&invoices(20), somebody, script());
    assert_eq!((ends(&mailbox, Ended::HandedOver), side.asked()), (20, 40));
    let (mailbox, _) = run(&invoices(20), People::default(), script());
    assert_eq!(ends(&mailbox, Ended::Expired), 20);
    assert!(last_end(&mailbox).since(FRIDAY) > 29 * 24 * HOUR_MS);
}

#[test]
fn a_list_of_wrong_addresses_is_not_hammered_with() {
    let (mailbox, side) =
        run(&invoices(40), People::default(), vec![phase(hours(24), &[Act::RefuseRecipient])]);
    assert!(ends(&mailbox, Ended::Refused) >= 28);
    assert!(side.asked_until(FRIDAY.plus_millis(HOUR_MS)) <= 10, "the mailbox slows down");
    assert!(ends(&mailbox, Ended::HandedOver) > 0, "and good mail goes out in the end");
}

#[test]
fn doubles_come_only_where_they_were_chosen() {
    let script = || {
        vec![phase(hours(1), &[Act::Cut { taken: true }, Act::Take, Act::Cut { taken: false }, Act::Take])]
    };
    let (mailbox, _) = run(&invoices(100), People::default(), script());
    assert_eq!((ends(&mailbox, Ended::HandedOver), ends(&mailbox, Ended::Unknown)), (50, 50));
    let (mailbox, side) = run(&invoices(100), People { repeat_unknown: true, ..People::default() }, script());
    assert_eq!(ends(&mailbox, Ended::HandedOver), 100, "no mail is lost");
    assert!((0..100).any(|number| side.taken(number) > 1));
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => Just(Act::Take),
        1 => (1_u32..600).prop_map(Act::TakeAndSlow),
        2 => (1_u32..3_600).prop_map(Act::Throttle),
        2 => Just(Act::Unavailable),
        1 => any::<bool>().prop_map(|taken| Act::Cut { taken }),
        1 => Just(Act::RefuseRecipient),
        1 => Just(Act::RefuseQuota),
        1 => Just(Act::RefuseToken),
    ]
}

prop_compose! {
    fn script()(phases in prop::collection::vec((1_i64..200, prop::collection::vec(act(), 1..4)), 0..6)) -> Vec<Phase> {
        let mut until = FRIDAY;
        let mut next = |(hours, acts)| {
            until = until.plus_millis(hours * HOUR_MS);
            Phase { until, acts }
        };
        phases.into_iter().map(&mut next).collect()
    }
}

prop_compose! {
    fn posts()(posts in prop::collection::vec((0..80 * HOUR_MS, 1_u32..2_000), 1..30)) -> Vec<Post> {
        posts.into_iter().map(|(ms, recipients)| Post { at: FRIDAY.plus_millis(ms), recipients }).collect()
    }
}

proptest! {
    #[test]
    fn whatever_happens_every_message_has_one_end_that_is_true(
        script in script(),
        posts in posts(),
        repeat_unknown: bool,
        sign_in_at in prop::option::of((1_i64..40 * 24).prop_map(hours)),
    ) {
        run(&posts, People { repeat_unknown, sign_in_at }, script);
    }
}
