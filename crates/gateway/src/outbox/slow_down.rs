//! What an attempt says of the mailbox as a whole, and what the page tells of it.

use api::{Code, MessageState, Timestamp};
use microsoft::Refusal;

use super::retry_policy::{Next, Stage, pauses_the_mailbox};
use super::{DeliveryResult, Message, OutboxState};

/// Pauses, back-off and circuit breaker: what concerns the whole mailbox keeps its other messages from meeting the same.
pub(super) fn slow_down(outbox: &mut OutboxState, result: &DeliveryResult, next: Next, now: Timestamp) {
    let pause = |outbox: &mut OutboxState, code, detail: &str, until| {
        outbox.pause(api::Delay { code, detail: detail.chars().take(500).collect(), until }, now);
    };
    match result {
        DeliveryResult::HandedOver { pause_ms, .. } => {
            outbox.refusals.after_hand_over();
            outbox.breaker.close();
            if let Some(ms) = pause_ms {
                let detail = "Microsoft took the message and asks to slow down";
                pause(outbox, Code::Throttled, detail, now.plus_millis(*ms));
            }
        }
        DeliveryResult::Divided { upstream, later, .. } => {
            outbox.breaker.close();
            match (upstream, later) {
                (Some(_), _) => outbox.refusals.after_hand_over(),
                // Everybody was refused: Exchange counts that like one refused recipient.
                (None, None) => {
                    let refusal = Refusal::new(Code::RecipientRefused, "every recipient was refused");
                    refused(outbox, &refusal, Stage::HandOver, next, now, pause);
                }
                (None, Some(_)) => {}
            }
            if let Some(refusal) = later {
                refused(outbox, refusal, Stage::HandOver, next, now, pause);
            }
        }
        DeliveryResult::Refused { .. } if result.is_unknown() => outbox.breaker.trip(now),
        DeliveryResult::Refused { refusal, stage } => {
            if *stage == Stage::HandOver && refusal.upstream.is_some() {
                outbox.breaker.close();
            }
            refused(outbox, refusal, *stage, next, now, pause);
        }
    }
}

fn refused(
    outbox: &mut OutboxState,
    refusal: &Refusal,
    stage: Stage,
    next: Next,
    now: Timestamp,
    pause: impl Fn(&mut OutboxState, Code, &str, Timestamp),
) {
    let backed_off = outbox.refusals.after_refusal(refusal.code, stage, now);
    let asked = refusal.retry_after_ms.map(|ms| now.plus_millis(ms));
    let passes = match next {
        Next::Retry(at) => Some(at),
        // This message has no time left; the others wait all the same.
        _ => asked,
    };
    let passes = passes.filter(|_| pauses_the_mailbox(refusal.code, stage));
    if let Some(until) = backed_off.max(passes) {
        pause(outbox, refusal.code, &crate::sealing::masked(&refusal.detail), until);
    }
}

/// Counts what ended otherwise than handed over, until a person has looked.
pub(crate) fn count_unseen(outbox: &mut OutboxState, message: &Message, now: Timestamp) {
    let unseen = &mut outbox.unseen;
    match message.state() {
        MessageState::Refused | MessageState::Expired => unseen.refused += 1,
        MessageState::Unknown => unseen.unknown += 1,
        _ => return,
    }
    unseen.since = unseen.since.or(Some(now));
}

pub(super) fn status_of(result: &DeliveryResult) -> u16 {
    let upstream = match result {
        DeliveryResult::HandedOver { upstream, .. } => Some(upstream),
        DeliveryResult::Divided { upstream, .. } => upstream.as_ref(),
        DeliveryResult::Refused { refusal, .. } => refusal.upstream.as_ref(),
    };
    upstream.map_or(0, |upstream| upstream.status)
}
