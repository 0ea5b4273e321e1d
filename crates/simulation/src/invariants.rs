//! What must hold, whatever happens: after each step, at the end of each day, and when everything is well again.

use api::{Code, Kind, MailboxState, MessageId, MessageState, Timestamp};
use gateway::mailbox::Tried;
use gateway::outbox::{AttemptKey, Delivery, DeliveryResult, Message, NEVER};
use gateway::tokens::Trouble;

use crate::graph::GraphMood;
use crate::people;
use crate::plan::{DAY, HOUR, MINUTE};
use crate::story::{Violation, hold};
use crate::truth::{Last, recipient_of};
use crate::watch::Patience;
pub(crate) use crate::watch::{Mark, Watch};
use crate::world::World;

/// Rows that forgetting a message or its content may write.
const ROWS_PER_SWEPT: u64 = 10;
/// How much later than due an alarm may be: attempts under way are looked at after three minutes, and the safety net is a
/// minute.
const ALARM_SLACK_MS: i64 = 4 * MINUTE + 1_000;
/// Rows that a mailbox may write in a day in which nothing moves: in an outage, a harmless request every five minutes
/// writes one, and the tokens that it needs are renewed every hour or so.
const ROWS_PER_QUIET_DAY: u64 = 700;
/// Rows that one attempt may write: the message and its entry of the index, before and after, and the outbox.
const ROWS_PER_ATTEMPT: u64 = 30;
/// A message is tried for four days, less the last wait: four hours at most.
const TRIED_MS_MIN: i64 = 4 * DAY - 5 * HOUR;
/// What is held for a month is swept within three days.
const MONTH_MS: i64 = 33 * DAY;
/// Shortest wait of a mailbox after an answer that concerns all of it.
const WAIT_MS_MIN: i64 = 5_000;
/// Longest time that a temporary condition lasts: a day for a daily quota, and an hour because it counts by the hour.
const PASSES_MS: i64 = DAY + HOUR;

/// After each step.
pub(crate) fn after_step(world: &mut World<'_>, name: &'static str) -> Result<(), Violation> {
    let database = std::rc::Rc::clone(&world.host.database);
    let touched = database.take_touched();
    database.inspect(true);
    let checked = touched.into_iter().try_for_each(|id| message(world, id));
    let checked = checked.and_then(|()| alarm_is_set(world, name));
    database.inspect(false);
    checked
}

/// What is stored of a message, against what is true of it.
fn message(world: &mut World<'_>, id: MessageId) -> Result<(), Violation> {
    let now = world.clock.now();
    let stored = world.host.mailbox.store().messages().get(id).map_err(unreadable)?;
    let Some(stored) = stored else { return gone(world, id) };
    let first = world.truth.get_mut(id).is_none();
    let truth =
        world.truth.seen(id, now).map_err(|detail| Violation::new("one post is one message", detail))?;
    let view = stored.line();
    let number = truth.number;
    for recipient in 0..truth.recipients {
        let told = view.recipients.iter().find(|one| recipient_of(&one.address) == Some(recipient));
        let state = told.map_or(view.state, |told| told.state);
        let (taken, _) = truth.taken[recipient];
        match state {
            MessageState::Refused | MessageState::Expired | MessageState::Cancelled => {
                hold(taken == 0, "what was taken is never reported as not sent", || {
                    format!(
                        "message {number}, recipient {recipient} has it, and is reported {}",
                        state.as_str()
                    )
                })?;
            }
            MessageState::HandedOver => {
                hold(taken > 0, "handed over is only what was taken", || {
                    format!("message {number}, recipient {recipient} does not have it")
                })?;
                truth.reported[recipient] = true;
            }
            _ => {}
        }
    }
    let unknown = stored.failure().is_some_and(|failure| failure.code == Code::OutcomeUnknown);
    let before = truth.last.replace(Last {
        state: view.state,
        accepted_at: view.accepted_at,
        changed_at: view.changed_at,
        attempts: view.attempts,
    });
    let before_state = before.map(|before| before.state);
    let attempts = view.attempts.saturating_sub(before.map_or(0, |before| before.attempts));
    world.watch.attempts_of_day += u64::from(attempts);
    waits_for_something(&stored, number)?;
    if first {
        world.stats.count("messages");
    }
    let is_new_state = before_state != Some(view.state);
    if view.state == MessageState::Queued && is_new_state && before_state != Some(MessageState::Sending) {
        truth.could_go_since = now;
    } else if view.state == MessageState::Scheduled {
        truth.could_go_since = view.scheduled_at.unwrap_or(now);
    }
    let could_go_for = now.since(truth.could_go_since);
    if !is_new_state {
        world.watch.swept_of_day += u64::from(view.state.is_final());
        return Ok(());
    }
    if view.state.is_final() || view.state == MessageState::Held {
        world.stats.count(view.state.as_str());
    }
    if matches!(view.state, MessageState::Refused | MessageState::Expired | MessageState::Unknown) {
        world.watch.unseen += 1;
    }
    world.tell("mailbox", || {
        let failure = stored.failure().map(|failure| format!(" ({})", failure.code.as_str()));
        format!("message {number} is {}{}", view.state.as_str(), failure.unwrap_or_default())
    });
    if view.state == MessageState::Expired && before_state != Some(MessageState::Held) {
        let tried = could_go_for > TRIED_MS_MIN || world.clock.was_set_within(100 * DAY);
        hold(tried, "a message is tried for four days", || {
            format!("message {number} expired after {} minutes", could_go_for / MINUTE)
        })?;
    }
    if before_state == Some(MessageState::Sending) && unknown {
        hold(!world.watch.known.contains(&id), "a known outcome is recorded in the end", || {
            format!("message {number} is unknown, though its outcome came")
        })?;
        doubt(world, number)?;
    }
    world.watch.known.remove(&id);
    Ok(())
}

/// A message whose row is gone had ended.
fn gone(world: &mut World<'_>, id: MessageId) -> Result<(), Violation> {
    let Some(truth) = world.truth.get_mut(id) else { return Ok(()) };
    world.watch.swept_of_day += 1;
    let ended = truth.last.is_none_or(|last| last.state.is_final());
    hold(ended, "only what has ended is forgotten", || format!("message {}", truth.number))
}

/// An open message is due at some time, or waits for a person who is named.
fn waits_for_something(stored: &Message, number: u32) -> Result<(), Violation> {
    let due = stored.due_at();
    let waits = match stored.state() {
        MessageState::Held => {
            let named = gateway::outbox::named_person(stored);
            due == Some(NEVER) && named.is_some_and(|person| person != api::FixBy::Time)
        }
        state => due.is_some() != state.is_final() && due.is_none_or(|at| at < NEVER),
    };
    hold(waits, "what is open waits for a moment or for a person", || {
        format!("message {number} is {}: {:?}", stored.state().as_str(), stored.failure())
    })
}

/// An outage of Graph costs one doubtful message, and one for each instance that died.
fn doubt(world: &mut World<'_>, number: u32) -> Result<(), Violation> {
    world.stats.count("doubts");
    world.watch.doubts += 1;
    let mood = world.graph.at(world.clock.elapsed, GraphMood::Fine);
    let watch = &world.watch;
    let counts = mood == GraphMood::Outage && world.kind() == Kind::GraphOAuth2 && !watch.settings_changed;
    hold(!counts || watch.doubts <= 1 + watch.deaths, "an outage costs one doubtful message", || {
        format!("message {number} is the {}. one", watch.doubts)
    })
}

/// Whenever a message is due, an alarm is set, and comes no later than it must.
fn alarm_is_set(world: &mut World<'_>, name: &str) -> Result<(), Violation> {
    let host = &world.host;
    if host.alarm_was_refused || world.watch.alarm_is_running || world.watch.alarm_is_repeated {
        return Ok(());
    }
    let store = host.mailbox.store();
    if !store.is_created().map_err(unreadable)? {
        return Ok(());
    }
    let Some(due) = store.messages().next_due_at().map_err(unreadable)? else { return Ok(()) };
    let now = world.clock.now();
    let alarm = host.alarm.unwrap_or(NEVER);
    let in_time = |at: Timestamp| alarm <= at.max(now).plus_millis(ALARM_SLACK_MS);
    let told = || people::view(world).and_then(|view| view.delay).map(|delay| delay.until);
    // The page tells of a pause only when something is due by now.
    let paused = || {
        let outbox = serde_json::to_value(store.records().outbox().ok()?).ok()?;
        outbox["pause"]["until"].as_str()?.parse().ok()
    };
    let day_is_full = || {
        let limit = u64::from(world.limits.recipients_per_day);
        let next = store.messages().next_due(due).ok().flatten();
        let next = next.map_or(0, |message| u64::from(message.open_recipients()));
        limit > 0 && world.watch.recipients_of(PASSES_MS, world.clock.elapsed) + next > limit
    };
    let waits = in_time(due)
        || told().is_some_and(in_time)
        || paused().is_some_and(in_time)
        || day_is_full() && in_time(now.plus_millis(PASSES_MS));
    hold(waits, "what is due has an alarm", || {
        format!("after {name}: due at {due}, alarm {:?}", world.host.alarm)
    })
}

/// An attempt was marked as possibly sent: within the limits, and with the patience that was asked for.
pub(crate) fn marked(world: &mut World<'_>, mark: Mark) -> Result<(), Violation> {
    world.watch.mark(mark);
    let (elapsed, limits) = (world.clock.elapsed, world.limits);
    if world.clock.was_set_within(2 * DAY) {
        return Ok(());
    }
    if let Some(Patience { asked_at, until }) = world.watch.patience {
        let obeyed = elapsed >= until || mark.started_at <= asked_at;
        hold(obeyed, "Retry-After is obeyed", || format!("{} s too early", (until - elapsed) / 1_000))?;
    }
    if limits.per_minute > 0 && world.watch.limits_are_older_than(MINUTE, elapsed) {
        let count = world.watch.attempts_of(MINUTE, elapsed);
        let allowed = usize::try_from(limits.per_minute).unwrap_or(usize::MAX);
        hold(count <= allowed, "no more messages a minute than allowed", || format!("{count} of {allowed}"))?;
    }
    if limits.recipients_per_day > 0 && world.watch.limits_are_older_than(PASSES_MS, elapsed) {
        let all = world.watch.recipients_of(DAY, elapsed);
        let allowed = u64::from(limits.recipients_per_day).max(mark.recipients);
        hold(all <= allowed, "no more recipients a day than allowed", || format!("{all} of {allowed}"))?;
    }
    Ok(())
}

/// Whether a message is marked as possibly sent, in storage.
pub(crate) fn is_possibly_sent(world: &World<'_>, id: MessageId) -> bool {
    let database = std::rc::Rc::clone(&world.host.database);
    database.inspect(true);
    let stored = world.host.mailbox.store().messages().get(id);
    database.inspect(false);
    stored.is_ok_and(|stored| stored.is_some_and(|message| message.is_possibly_sent()))
}

/// The mailbox has recorded an answer.
pub(crate) fn answered(world: &mut World<'_>, key: AttemptKey, tried: &Tried) {
    let asked_at = world.clock.elapsed;
    let result = match tried {
        Tried::TokenRefused { .. } => return world.watch.reached_nobody(key),
        Tried::Ended(result) => result,
    };
    if result.excludes_acceptance() {
        world.watch.reached_nobody(key);
    }
    let asks = match result {
        DeliveryResult::HandedOver { pause_ms, .. } => *pause_ms,
        DeliveryResult::Divided { later: Some(refusal), .. } | DeliveryResult::Refused { refusal, .. } => {
            let of_the_mailbox = matches!(refusal.code, Code::Throttled | Code::QuotaReached);
            let state = world.truth.get_mut(key.message).and_then(|truth| truth.last).map(|last| last.state);
            let least = if state == Some(MessageState::WillRetry) { WAIT_MS_MIN } else { 0 };
            Some(refusal.retry_after_ms.unwrap_or_default().max(least)).filter(|_| of_the_mailbox)
        }
        DeliveryResult::Divided { later: None, .. } => None,
    };
    if let Some(ms) = asks {
        let until = asked_at + ms;
        if world.watch.patience.is_none_or(|patience| patience.until < until) {
            world.watch.patience = Some(Patience { asked_at, until });
        }
    }
}

/// The trouble of a mailbox that has been signed in anew, or saved, since an attempt started.
pub(crate) fn trouble_of_others(world: &World<'_>, delivery: &Delivery) -> Option<[Option<Trouble>; 2]> {
    let database = std::rc::Rc::clone(&world.host.database);
    database.inspect(true);
    let records = world.host.mailbox.store().records();
    let trouble = records.mailbox().ok().and_then(|mailbox| {
        let then = &delivery.mailbox;
        if (mailbox.epoch, mailbox.version) == (then.epoch, then.version) {
            return None;
        }
        let authentication = records.authentication().ok()?;
        Some([mailbox.server_trouble, authentication.and_then(|it| it.trouble)])
    });
    database.inspect(false);
    trouble
}

/// A late answer marks nothing that came after its attempt.
pub(crate) fn trouble_stays(
    world: &World<'_>,
    before: Option<[Option<Trouble>; 2]>,
    number: u32,
) -> Result<(), Violation> {
    let Some(before) = before else { return Ok(()) };
    let records = world.host.mailbox.store().records();
    let mailbox = records.mailbox().map_err(unreadable)?;
    let authentication = records.authentication().map_err(unreadable)?;
    let now = [mailbox.server_trouble, authentication.and_then(|it| it.trouble)];
    let worse = now.iter().zip(&before).any(|(now, before)| now.is_some() && now != before);
    hold(!worse, "a late refusal marks no later sign-in", || format!("message {number}: {now:?}"))
}

/// A renewal that failed marks no sign-in that came after it began.
pub(crate) fn renewal_marks_its_own(
    world: &World<'_>,
    epoch: u64,
    before: Option<&Trouble>,
) -> Result<(), Violation> {
    let Some((now_epoch, now)) = trouble_of_tokens(world) else { return Ok(()) };
    let worse = now_epoch != epoch && now.is_some() && now.as_ref() != before;
    hold(!worse, "a late refusal marks no later sign-in", || format!("a renewal of before: {now:?}"))
}

/// The epoch of the mailbox, and the trouble of its tokens.
pub(crate) fn trouble_of_tokens(world: &World<'_>) -> Option<(u64, Option<Trouble>)> {
    let database = std::rc::Rc::clone(&world.host.database);
    database.inspect(true);
    let records = world.host.mailbox.store().records();
    let mailbox = records.mailbox().ok();
    let trouble = records.authentication().ok().flatten().and_then(|authentication| authentication.trouble);
    database.inspect(false);
    Some((mailbox?.epoch, trouble))
}

/// At the end of each day.
pub(crate) fn end_of_day(world: &mut World<'_>) -> Result<(), Violation> {
    let (rows, acted) = (std::mem::take(&mut world.watch.rows_of_day), world.watch.acted_today);
    world.watch.acted_today = false;
    if rows == 0 {
        return Ok(());
    }
    let database = std::rc::Rc::clone(&world.host.database);
    database.inspect(true);
    let outcome = day(world, rows, acted);
    database.inspect(false);
    outcome
}

fn day(world: &mut World<'_>, rows: u64, acted: bool) -> Result<(), Violation> {
    let (now, elapsed) = (world.clock.now(), world.clock.elapsed);
    let store = world.host.mailbox.store();
    let orphans = store.content().orphans().map_err(unreadable)?;
    hold(orphans.is_empty(), "content has an owner", || format!("{orphans:?}"))?;
    page_tells_it(world)?;
    day_has_room(world)?;
    let held = world.host.mailbox.store().messages().held_by_reason().map_err(unreadable)?;
    let held: u64 = held.iter().map(|rows| rows.count).sum();
    world.stats.most("messages held", held, world.plan.seed);
    let attempts = std::mem::take(&mut world.watch.attempts_of_day);
    let swept = std::mem::take(&mut world.watch.swept_of_day);
    let held_before = std::mem::replace(&mut world.watch.held_before, held);
    if !acted && held_before == held {
        world.stats.most("rows written on a quiet day", rows, world.plan.seed);
        let allowed = ROWS_PER_QUIET_DAY + ROWS_PER_ATTEMPT * attempts + ROWS_PER_SWEPT * swept;
        hold(rows <= allowed, "held messages are not written again and again", || {
            format!("{rows} rows in a day of {attempts} attempts, {held} messages held")
        })?;
    }
    // Without alarms, and while storage refuses everything, nothing goes on.
    let works = !world.host.alarm_was_refused && !database_was_down(world);
    if works && !world.clock.was_set_within(2 * DAY) {
        kept_in_time(world, now)?;
        stands_still(world, now, elapsed)?;
    }
    Ok(())
}

fn database_was_down(world: &World<'_>) -> bool {
    world.host.database.is_faulty()
}

/// Held messages are counted, and a mailbox that holds any, or lost any, is never *ready*.
fn page_tells_it(world: &World<'_>) -> Result<(), Violation> {
    let Some(view) = people::view(world) else { return Ok(()) };
    let shown: u64 = view.held.iter().map(|held| held.count).sum();
    let is_held = |last: Option<Last>| last.is_some_and(|last| last.state == MessageState::Held);
    let held = world.truth.all().iter().filter(|truth| is_held(truth.last)).count();
    let unseen = world.watch.unseen;
    hold(usize::try_from(shown) == Ok(held), "the page counts what is held", || {
        format!("{held} messages are held, the page says {shown}")
    })?;
    let fine = matches!(view.state, MailboxState::Ready | MailboxState::Delayed);
    hold(!fine || held == 0 && unseen == 0, "a mailbox that needs attention is not ready", || {
        format!("{held} are held, {unseen} ended badly, and it is {:?}", view.state)
    })
}

/// An attempt that reached no recipient does not count in the daily limit.
fn day_has_room(world: &World<'_>) -> Result<(), Violation> {
    let elapsed = world.clock.elapsed;
    let limit = world.limits.recipients_per_day;
    if limit == 0
        || world.clock.was_set_within(2 * DAY)
        || !world.watch.limits_are_older_than(PASSES_MS, elapsed)
    {
        return Ok(());
    }
    let limits = gateway::mailbox::limits(world.host.mailbox.store(), &people::reading(world));
    let left = limits.map_err(unreadable)?.recipients_left.unwrap_or(limit);
    let used = world.watch.recipients_of(PASSES_MS + HOUR, elapsed);
    hold(u64::from(left) + used >= u64::from(limit), "failed attempts take nothing of the day", || {
        format!("{left} of {limit} recipients are left, {used} were used")
    })
}

/// What is not kept for ever is gone in time.
fn kept_in_time(world: &World<'_>, now: Timestamp) -> Result<(), Violation> {
    let store = world.host.mailbox.store();
    let is_held = |last: &Last| last.state == MessageState::Held && now.since(last.accepted_at) > MONTH_MS;
    for truth in world.truth.all().iter().filter(|truth| truth.last.as_ref().is_some_and(is_held)) {
        let Some(id) = truth.id else { continue };
        let since = store.messages().get(id).map_err(unreadable)?.and_then(|message| message.held_since());
        let waits = since.is_none_or(|since| now.since(since) <= MONTH_MS);
        hold(waits, "what nobody releases expires after a month", || {
            format!("message {} is held since {since:?}", truth.number)
        })?;
    }
    let unconfirmed = store.consent_attempts().unconfirmed().map_err(unreadable)?;
    let old = unconfirmed.iter().find(|record| now.since(record.attempt.begun_at) > HOUR / 2);
    hold(old.is_none(), "tokens of a sign-in that nobody confirmed are deleted", || {
        format!("begun at {}", old.map_or(now, |record| record.attempt.begun_at))
    })?;
    let days = i64::from(store.records().mailbox().map_err(unreadable)?.settings.log_days) + 3;
    let old = store.messages().ended_before(now.plus_millis(-days * DAY), 1).map_err(unreadable)?;
    // What was held for weeks and has just ended goes with the next sweep.
    let old = old.first().filter(|message| now.since(message.changed_at()) > 3 * DAY);
    hold(old.is_none(), "the log is not kept for longer than the settings say", || {
        format!("{:?}", old.map(Message::accepted_at))
    })
}

/// A mailbox never stands still for a day when everything outside is fine.
fn stands_still(world: &World<'_>, now: Timestamp, elapsed: i64) -> Result<(), Violation> {
    let fine_for = elapsed - world.fine_since();
    let limits = world.watch.limits_are_older_than(2 * DAY, elapsed);
    let active = world.watch.marks_of(PASSES_MS, elapsed).next().is_some();
    if fine_for < PASSES_MS + HOUR || active || !limits {
        return Ok(());
    }
    let due = world.host.mailbox.store().messages().next_due_at().map_err(unreadable)?;
    let overdue = due.filter(|at| now.since(*at) > PASSES_MS);
    hold(overdue.is_none(), "a mailbox never stands still for a day", || {
        format!("due at {due:?}, and nothing has gone since")
    })
}

/// When everything has been well for days, and people have done what the page asks for: everything has ended.
pub(crate) fn at_the_end(world: &mut World<'_>) -> Result<(), Violation> {
    let now = world.clock.now();
    let store = world.host.mailbox.store();
    for truth in world.truth.all() {
        let (Some(id), Some(last)) = (truth.id, truth.last) else { continue };
        let scheduled = last.state == MessageState::Scheduled
            && store
                .messages()
                .get(id)
                .map_err(unreadable)?
                .and_then(|it| it.due_at())
                .is_some_and(|at| at > now);
        let open = !last.state.is_final() && !scheduled;
        hold(!open, "everything ends when everything is well", || {
            format!("message {} is {}, changed at {}", truth.number, last.state.as_str(), last.changed_at)
        })?;
        hold(
            last.state != MessageState::Cancelled || !truth.is_taken(),
            "what was taken is never reported as not sent",
            || format!("message {}", truth.number),
        )?;
    }
    let left = store.kv_queue().next_due_at().map_err(unreadable)?;
    hold(left.is_none(), "KV follows when it works", || format!("work is left, due at {left:?}"))?;
    let copies = world.kv.values.len();
    let signed_in = store.records().authentication().map_err(unreadable)?.is_some();
    hold(copies == usize::from(signed_in), "KV holds the newest tokens and nothing else", || {
        format!("{copies} copies, signed in: {signed_in}")
    })
}

fn unreadable(problem: api::Problem) -> Violation {
    Violation::new("storage can be read", problem.into_fields().detail)
}
