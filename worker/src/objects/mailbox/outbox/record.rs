//! Records what came of an attempt to hand a message over.

use api::{AttemptView, Code, Delay, MessageState, Problem, Reason, Timestamp, Upstream};
use gateway::{
    AfterAttempt, MessageRecord, Next, Stage, after_refusal, concerns_the_mailbox, masked, masked_upstream,
    pauses_the_mailbox,
};
use microsoft::Refusal;

use super::hand_over::{Ended, HandOver};
use crate::host::{Line, log, now, random};
use crate::objects::mailbox::Inner;
use crate::objects::mailbox::authentication::refresh::found_here;

impl Inner {
    /// `version` is that of the settings that the attempt began with.
    pub(super) fn record(
        &self,
        hand_over: HandOver,
        ended: Ended,
        version: Option<u64>,
    ) -> Result<(), Problem> {
        let (at, route, mut message) = hand_over.into_parts();
        let now = now();
        message.changed_at = now;
        message.lease = None;
        message.starts = 0;
        let mut attempt = AttemptView {
            at,
            ended_at: now,
            route,
            state: message.state,
            code: None,
            detail: None,
            upstream: None,
        };
        let outcome = match ended {
            Ended::HandedOver { upstream, pause_ms } => {
                let upstream = masked_upstream(upstream);
                attempt.upstream = Some(upstream.clone());
                self.after_hand_over(pause_ms)?;
                message.upstream = Some(upstream);
                self.end(&mut message, MessageState::HandedOver)?;
                "handed_over"
            }
            Ended::Divided { upstream, envelope, said, later } => {
                message.recipients.note(&envelope, said);
                if let Some(upstream) = upstream.map(masked_upstream) {
                    message.upstream = Some(upstream.clone());
                    attempt.upstream = Some(upstream);
                    self.after_hand_over(None)?;
                }
                match later.map(without_secrets) {
                    Some(refusal) => self.record_refusal(&mut message, refusal, Stage::HandOver, now)?,
                    None => self.end(&mut message, MessageState::Refused)?,
                }
                "divided"
            }
            Ended::Refused { refusal, stage } => {
                let refusal = without_secrets(refusal);
                let word = refusal.code.as_str();
                attempt.upstream.clone_from(&refusal.upstream);
                let mailbox = self.store.mailbox()?;
                let is_of_before = version.is_some_and(|version| version != mailbox.version);
                if is_of_before && concerns_the_mailbox(refusal.code, stage, mailbox.settings.shared) {
                    // It was about settings that somebody has replaced meanwhile: tried again with theirs.
                    message.state = MessageState::Queued;
                    message.failure = Some(refusal.failure());
                } else {
                    self.record_refusal(&mut message, refusal, stage, now)?;
                }
                word
            }
        };
        attempt.state = message.state;
        attempt.code = message.failure.as_ref().map(|failure| failure.code);
        attempt.detail = message.failure.as_ref().map(|failure| failure.detail.clone());
        message.note(attempt);
        self.store.set_message(&message)?;
        let status = message.upstream.as_ref().map_or(0, |upstream: &Upstream| upstream.status);
        let object = message.id.to_string();
        let rows = self.store.sql().take_written();
        log(&Line { event: "hand_over", outcome, status, object: &object, rows, ..Line::default() });
        Ok(())
    }

    fn record_refusal(
        &self,
        message: &mut MessageRecord,
        refusal: Refusal,
        stage: Stage,
        now: Timestamp,
    ) -> Result<(), Problem> {
        if refusal.code == Code::SignInAgain && stage == Stage::HandOver {
            // Graph did not take a fresh token either: the page must say so, or nobody would sign in.
            let found = found_here(Reason::FreshTokenRefused, &refusal.detail);
            let found = Refusal { upstream: refusal.upstream.clone(), ..found };
            self.note_failure(&self.store.mailbox()?, &found);
        }
        let mailbox = self.store.mailbox()?;
        let shared = mailbox.settings.shared;
        if concerns_the_mailbox(refusal.code, stage, shared) {
            self.note_failure(&mailbox, &refusal);
        }
        let attempt = AfterAttempt {
            stage,
            shared,
            attempts: message.attempts,
            since: message.since(),
            repeat_unknown: mailbox.settings.repeat_unknown,
            now,
            jitter: u32::from_le_bytes(random::<4>()?),
        };
        let next = after_refusal(&refusal, attempt);
        self.slow_down(&refusal, stage, next, now)?;
        match next {
            Next::Retry(at) => message.wait_until(at, refusal.failure()),
            Next::Hold => message.hold(refusal.failure()),
            Next::Unknown => self.close(message, MessageState::Unknown, &refusal)?,
            Next::Refuse => self.close(message, MessageState::Refused, &refusal)?,
            Next::Expire => self.close(message, MessageState::Expired, &refusal)?,
        }
        message.upstream = refusal.upstream.or(message.upstream.take());
        Ok(())
    }

    /// Ends a message whose last attempt failed: nothing more happens by itself.
    pub(super) fn close(
        &self,
        message: &mut MessageRecord,
        last: MessageState,
        refusal: &Refusal,
    ) -> Result<(), Problem> {
        self.end(message, last)?;
        message.failure = Some(refusal.failure());
        Ok(())
    }

    /// Ends a message; whoever was refused is named in its failure. What was handed over to everybody loses its content,
    /// unless the settings keep it; everything else may be wanted again.
    pub(super) fn end(&self, message: &mut MessageRecord, last: MessageState) -> Result<(), Problem> {
        message.next_attempt_at = None;
        message.state = message.recipients.settle(last);
        let refused = message.recipients.refused();
        message.failure = refused.map(|names| Refusal::new(Code::RecipientRefused, names).failure());
        let is_done = message.state == MessageState::HandedOver && !message.recipients.any_left_out();
        message.content_kept = !is_done || self.store.mailbox()?.settings.content_days > 0;
        if message.content_kept { Ok(()) } else { self.store.delete_chunks(&message.content_key()) }
    }

    fn after_hand_over(&self, pause_ms: Option<i64>) -> Result<(), Problem> {
        let mut outbox = self.store.outbox()?;
        let before = outbox.clone();
        outbox.restraint.after_hand_over();
        if let Some(ms) = pause_ms {
            let detail = "Microsoft took the message and asks to slow down".to_owned();
            outbox.pause(Delay { code: Code::Throttled, detail, until: now().plus_millis(ms) });
        }
        if outbox == before { Ok(()) } else { self.store.set_outbox(&outbox) }
    }

    /// What concerns the whole mailbox keeps its other messages from meeting the same.
    fn slow_down(&self, refusal: &Refusal, stage: Stage, next: Next, now: Timestamp) -> Result<(), Problem> {
        let mut outbox = self.store.outbox()?;
        let before = outbox.clone();
        let restrained = outbox.restraint.after_refusal(refusal.code, stage, now);
        let passes = match next {
            Next::Retry(at) if pauses_the_mailbox(refusal.code, stage) => Some(at),
            _ => None,
        };
        if let Some(until) = restrained.max(passes) {
            outbox.pause(Delay { code: refusal.code, detail: refusal.detail.clone(), until });
        }
        if outbox == before { Ok(()) } else { self.store.set_outbox(&outbox) }
    }

    pub(super) fn tell_waiting(&self, id: api::MessageId) {
        let waiting = self.waiting.borrow_mut().remove(&id).unwrap_or_default();
        if let Ok(Some(record)) = self.store.message(id) {
            for caller in waiting {
                // A caller that has hung up changes nothing for the message.
                let _ = caller.send(record.view());
            }
        }
    }
}

/// What is stored, shown and logged of a refusal.
fn without_secrets(refusal: Refusal) -> Refusal {
    Refusal { detail: masked(&refusal.detail), upstream: refusal.upstream.map(masked_upstream), ..refusal }
}
