//! Messages whose hand-over was cut off: what became of them is told by what they had committed.

use api::{AttemptView, Code, MessageState, Problem, Timestamp};
use gateway::{Lease, MessageRecord, Next, after_loss};
use microsoft::Refusal;

use super::pump::HAND_OVER_MS_MAX;
use crate::host::{Line, log, now};
use crate::objects::mailbox::Inner;

impl Inner {
    /// Messages marked *sending* that nobody here is sending: an instance before this one was, or a request that was cut
    /// off.
    pub(super) fn account_for_lost(&self) -> Result<(), Problem> {
        let now = now();
        let cut_off = {
            let mut sending = self.sending.borrow_mut();
            let before = sending.len();
            sending.retain(|_, since| now.since(*since) < HAND_OVER_MS_MAX);
            sending.len() < before
        };
        if self.recovered.replace(true) && !cut_off {
            return Ok(());
        }
        for message in self.store.sending()? {
            if !self.sending.borrow().contains_key(&message.id) {
                self.account_for(message, now)?;
            }
        }
        Ok(())
    }

    fn account_for(&self, mut message: MessageRecord, now: Timestamp) -> Result<(), Problem> {
        let repeat_unknown = self.store.mailbox()?.settings.repeat_unknown;
        // An earlier version committed nothing of an attempt, so that anything may have left.
        let unsaid = Lease { may_have_left: true, ..Lease::new(message.changed_at) };
        let lease = message.lease.take().unwrap_or(unsaid);
        let next = after_loss(&lease, message.starts, repeat_unknown, now);
        let (code, detail) = match (lease.may_have_left, next) {
            (true, _) => (Code::OutcomeUnknown, "the hand-over was cut off on our side"),
            (false, Next::Hold) => {
                (Code::AttemptsLost, "three attempts were cut off on our side before anything had left")
            }
            (false, _) => (Code::Busy, "the attempt was cut off on our side before anything had left"),
        };
        let refusal = Refusal::new(code, detail);
        match next {
            Next::Retry(at) => message.wait_until(at, refusal.failure()),
            Next::Hold => message.hold(refusal.failure()),
            Next::Unknown | Next::Refuse | Next::Expire => {
                self.close(&mut message, MessageState::Unknown, &refusal)?;
            }
        }
        message.changed_at = now;
        message.note(AttemptView {
            at: lease.at,
            ended_at: now,
            route: lease.route,
            state: message.state,
            code: Some(code),
            detail: Some(detail.to_owned()),
            upstream: None,
        });
        self.store.set_message(&message)?;
        let object = message.id.to_string();
        log(&Line { event: "lost", outcome: message.state.as_str(), object: &object, ..Line::default() });
        self.tell_waiting(message.id);
        Ok(())
    }
}
