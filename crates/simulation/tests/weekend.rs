//! Weeks of one mailbox by a script, on the machine that runs in production.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use api::Kind;
use proptest::prelude::*;
use simulation::{
    Change, EntraMood, GraphMood, Happening, Plan, Planned, Post, Report, SignIn, SmtpMood, Telling, run,
};

const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// A mailbox for so many days, from a Friday at 17:00 UTC on.
fn plan(kind: Kind, days: i64) -> Plan {
    Plan { seed: 1, kind, connected: true, nudges: false, days, happenings: Vec::new() }
}

fn at(at: i64, what: Happening) -> Planned {
    Planned { at, what }
}

fn post(number: u32, recipients: u32) -> Happening {
    let keyed = true;
    let patience_ms = 2 * SECOND;
    Happening::Post(Post {
        number,
        recipients,
        keyed,
        scheduled_ms: None,
        chunks: 0,
        answer_lost: false,
        patience_ms,
    })
}

/// So many messages, one a second, a minute after the beginning.
fn posts(count: u32, recipients: u32) -> impl Iterator<Item = Planned> {
    (1..=count).map(move |number| at(60 * SECOND + i64::from(number) * SECOND, post(number, recipients)))
}

const SIGN_IN: SignIn = SignIn {
    thinks_ms: 20 * SECOND,
    redeem_ms: SECOND,
    confirms_after_ms: None,
    needs_confirmation: false,
    refuses: false,
};

/// Runs a plan, in which every invariant holds.
fn lived(mut plan: Plan) -> Report {
    plan.happenings.sort_by_key(|planned| planned.at);
    let report = run(&plan, Telling::Nothing);
    if let Some(violation) = &report.violation {
        let story = run(&plan, Telling::Short).story.join("\n");
        panic!("{story}\n{}: {}", violation.invariant, violation.detail);
    }
    report
}

#[test]
fn outage_from_friday_to_monday_loses_nothing() {
    for mood in [GraphMood::Unavailable, GraphMood::Throttles(900)] {
        let mut plan = plan(Kind::GraphOAuth2, 3);
        plan.happenings.extend(posts(30, 1));
        plan.happenings.push(at(1, Happening::Graph(mood, 62 * HOUR)));
        let stats = lived(plan).stats;
        assert_eq!((stats.of("handed_over"), stats.of("expired")), (30, 0), "{mood:?}");
    }
}

#[test]
fn silent_weekend_costs_one_unknown() {
    let mut plan = plan(Kind::GraphOAuth2, 3);
    plan.happenings.extend(posts(30, 1));
    plan.happenings.push(at(1, Happening::Graph(GraphMood::Outage, 62 * HOUR)));
    let stats = lived(plan).stats;
    assert_eq!((stats.of("unknown"), stats.of("handed_over")), (1, 29));
}

#[test]
fn two_weeks_of_outage_end_every_message_after_four_days() {
    let mut plan = plan(Kind::SmtpBasic, 15);
    plan.happenings.extend(posts(20, 1));
    plan.happenings.push(at(1, Happening::Smtp(SmtpMood::Closes, 15 * DAY)));
    let stats = lived(plan).stats;
    assert_eq!((stats.of("expired"), stats.of("handed_over")), (20, 0));
}

#[test]
fn more_than_a_day_takes_goes_over_days() {
    let mut plan = plan(Kind::GraphOAuth2, 6);
    plan.happenings.extend(posts(250, 100));
    let stats = lived(plan).stats;
    assert_eq!((stats.of("handed_over"), stats.of("expired")), (250, 0));
}

#[test]
fn held_mail_goes_when_a_person_comes() {
    let mut plan = plan(Kind::GraphOAuth2, 4);
    plan.connected = false;
    plan.happenings.extend(posts(120, 1));
    plan.happenings.push(at(63 * HOUR, Happening::SignIn(SIGN_IN)));
    let stats = lived(plan).stats;
    assert_eq!((stats.of("held"), stats.of("handed_over")), (120, 120));
}

#[test]
fn held_mail_expires_after_a_month() {
    let mut plan = plan(Kind::SmtpOAuth2, 35);
    plan.happenings.push(at(1, Happening::Entra(EntraMood::EndsGrant, 35 * DAY)));
    plan.happenings.extend((1..=20).map(|number| at(2 * DAY, post(number, 1))));
    let stats = lived(plan).stats;
    assert_eq!((stats.of("expired"), stats.of("handed_over")), (20, 0));
}

#[test]
fn wrong_addresses_are_not_hammered() {
    /// `ErrorInvalidRecipients`, by its place among the documented errors.
    const INVALID_RECIPIENTS: u8 = 8;
    let mut plan = plan(Kind::GraphOAuth2, 1);
    plan.happenings.extend(posts(60, 1));
    plan.happenings.push(at(1, Happening::Graph(GraphMood::Refuses(INVALID_RECIPIENTS), 24 * HOUR)));
    let stats = lived(plan).stats;
    assert!((20..40).contains(&stats.of("refused")), "{}", stats.of("refused"));
    assert_eq!(stats.of("refused") + stats.of("handed_over"), 60);
}

#[test]
fn doubles_come_only_where_they_were_chosen() {
    let cuts = |repeats| {
        let mut plan = plan(Kind::SmtpBasic, 2);
        plan.happenings.extend(posts(60, 1));
        plan.happenings.push(at(1, Happening::Save(Change::RepeatUnknown(repeats))));
        plan.happenings.push(at(2, Happening::Smtp(SmtpMood::CutsAfter, HOUR)));
        lived(plan).stats
    };
    assert!(cuts(false).of("unknown") > 0);
    let stats = cuts(true);
    assert_eq!((stats.of("unknown"), stats.of("handed_over")), (0, 60), "no mail is lost");
}

/// Found by the simulation: the log was forgotten by when a message was accepted.
#[test]
fn key_counts_after_weeks_of_waiting() {
    let mut plan = plan(Kind::GraphOAuth2, 25);
    plan.connected = false;
    plan.happenings.push(at(HOUR, post(1, 1)));
    plan.happenings.push(at(20 * DAY, Happening::SignIn(SIGN_IN)));
    plan.happenings.push(at(23 * DAY, Happening::PostAgain(1)));
    assert_eq!(lived(plan).stats.of("messages"), 1);
}

/// Found by the simulation: the sign-in connected after the removal.
#[test]
fn removal_ends_a_sign_in_under_way() {
    let mut plan = plan(Kind::GraphOAuth2, 1);
    let slow = SignIn { redeem_ms: 60 * SECOND, ..SIGN_IN };
    plan.happenings.push(at(HOUR, Happening::SignIn(slow)));
    plan.happenings.push(at(HOUR + 50 * SECOND, Happening::Remove));
    lived(plan);
}

/// Found by the simulation: the answer that ended one message made the next one go at once.
#[test]
fn last_answer_of_a_message_pauses_the_others() {
    let mut plan = plan(Kind::GraphOAuth2, 6);
    plan.happenings.push(at(1, Happening::Graph(GraphMood::Throttles(3600), 6 * DAY)));
    plan.happenings.push(at(HOUR, post(1, 1)));
    plan.happenings.extend((2..12).map(|number| at(3 * DAY + i64::from(number) * SECOND, post(number, 1))));
    assert!(lived(plan).stats.of("expired") > 0);
}

#[test]
fn same_seed_tells_the_same_story() {
    for seed in 1..4 {
        let mut plan = Plan::new(seed);
        plan.days = plan.days.min(8);
        plan.happenings.retain(|planned| planned.at < plan.days * DAY);
        let (first, second) = (run(&plan, Telling::Whole), run(&plan, Telling::Whole));
        assert!(!first.story.is_empty());
        assert_eq!((first.story, first.violation), (second.story, second.violation));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn every_invariant_holds_in_any_week(seed: u64) {
        let mut plan = Plan::new(seed);
        plan.days = plan.days.min(7);
        plan.happenings.retain(|planned| planned.at < plan.days * DAY);
        lived(plan);
    }
}
