//! Records what came of an attempt to hand a message over.

use api::{Code, MessageState, Problem, Reason, Timestamp, Upstream};
use gateway::{Next, Stage, after_refusal, concerns_the_mailbox};
use microsoft::Refusal;

use super::Inner;
use super::hand_over::Ended;
use super::records::MessageRecord;
use super::refresh::found_here;
use crate::host::{Line, log, now, random};

impl Inner {
    /// `version` is that of the settings that the attempt began with.
    pub(super) fn record(
        &self,
        mut message: MessageRecord,
        ended: Ended,
        version: Option<u64>,
    ) -> Result<(), Problem> {
        let now = now();
        message.changed_at = now;
        let object = message.id.to_string();
        let outcome = match ended {
            Ended::HandedOver { upstream, pause_ms } => {
                self.pause_for(pause_ms);
                message.upstream = Some(upstream);
                self.end(&mut message, MessageState::HandedOver)?;
                self.note_handed_over(now)?;
                "handed_over"
            }
            Ended::Divided { upstream, envelope, said, later } => {
                message.recipients.note(&envelope, said);
                if upstream.is_some() {
                    message.upstream = upstream;
                    self.note_handed_over(now)?;
                }
                match later {
                    Some(refusal) => self.record_refusal(&mut message, refusal, Stage::HandOver, now)?,
                    None => self.end(&mut message, MessageState::Refused)?,
                }
                "divided"
            }
            Ended::Refused { refusal, stage } => {
                let word = refusal.code.as_str();
                let mailbox = self.store.mailbox()?;
                let is_of_before = version.is_some_and(|version| version != mailbox.version);
                if is_of_before && concerns_the_mailbox(refusal.code, stage, mailbox.settings.shared) {
                    // It was about settings that somebody has replaced meanwhile: tried again with theirs.
                    message.state = MessageState::Queued;
                } else {
                    self.record_refusal(&mut message, refusal, stage, now)?;
                }
                word
            }
        };
        self.store.set_message(&message)?;
        let status = message.upstream.as_ref().map_or(0, |upstream: &Upstream| upstream.status);
        log(&Line { event: "hand_over", outcome, status, object: &object, ..Line::default() });
        Ok(())
    }

    fn record_refusal(
        &self,
        message: &mut MessageRecord,
        refusal: Refusal,
        stage: Stage,
        now: Timestamp,
    ) -> Result<(), Problem> {
        if refusal.code == Code::Throttled {
            self.pause_for(refusal.retry_after_ms);
        }
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
        let jitter = u32::from_le_bytes(random::<4>()?);
        let (becomes, at) = match after_refusal(&refusal, stage, shared, message.attempts, now, jitter) {
            Next::Retry(at) => (MessageState::WillRetry, Some(at)),
            Next::Hold => (MessageState::Held, None),
            Next::Unknown => (MessageState::Unknown, None),
            Next::Refuse => (MessageState::Refused, None),
        };
        if becomes.is_final() {
            self.close(message, becomes, &refusal)?;
        } else {
            message.state = becomes;
            message.failure = Some(refusal.failure());
        }
        message.next_attempt_at = at;
        message.upstream = refusal.upstream.or(message.upstream.take());
        Ok(())
    }

    /// Ends a message whose last attempt failed: its body goes, and nothing more happens by itself.
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

    /// Ends a message; whoever was refused is named in its failure.
    fn end(&self, message: &mut MessageRecord, last: MessageState) -> Result<(), Problem> {
        message.state = message.recipients.settle(last);
        let refused = message.recipients.refused();
        message.failure = refused.map(|names| Refusal::new(Code::RecipientRefused, names).failure());
        self.store.delete_chunks(message.id)
    }

    fn note_handed_over(&self, now: Timestamp) -> Result<(), Problem> {
        let mut mailbox = self.store.mailbox()?;
        mailbox.handed_over_at = Some(now);
        self.store.set_mailbox(&mailbox)
    }

    /// The other side asked for a pause: no message of this mailbox begins before it is over.
    fn pause_for(&self, pause_ms: Option<i64>) {
        if let Some(ms) = pause_ms {
            self.pause_until.set(self.pause_until.get().max(now().plus_millis(ms)));
        }
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
