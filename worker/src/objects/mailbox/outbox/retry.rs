use std::rc::Rc;

use api::{Code, MessageState, MessageView, Problem, RetryWhom};

use super::accept::SAFETY_NET_MS;
use super::cancel::{ended, under_way};
use crate::host::now;
use crate::objects::mailbox::Inner;
use crate::objects::mailbox::calls::Retry;

impl Inner {
    /// Sends a message now: one that waits, or one that ended without reaching everybody.
    pub(in crate::objects::mailbox) async fn retry(
        self: &Rc<Self>,
        call: &Retry,
    ) -> Result<MessageView, Problem> {
        let mut message = self.found(call.id)?;
        match message.state {
            MessageState::Sending => return Err(under_way()),
            MessageState::Unknown if !call.retry.accept_duplicate => {
                let detail = "nobody knows whether the message was taken; sent again, it may arrive twice";
                return Err(Problem::new(Code::DuplicatePossible, detail));
            }
            MessageState::HandedOver if !message.recipients.any_left_out() => return Err(ended(&message)),
            _ if !message.has_content() => {
                let detail = "the content was deleted, as the settings of the mailbox say";
                return Err(Problem::new(Code::ContentGone, detail));
            }
            _ => {}
        }
        // Who has it already is never among them.
        let anybody = match call.retry.recipients {
            RetryWhom::Refused => message.recipients.reopen_refused(),
            RetryWhom::Open => message.recipients.reopen(),
        };
        if !anybody {
            let detail = "no recipient of this message was refused alone";
            return Err(Problem::new(Code::MessageEnded, detail).with_param("state", &message.state.as_str()));
        }
        let now = now();
        message.state = MessageState::Queued;
        message.changed_at = now;
        message.since = Some(now);
        message.starts = 0;
        message.next_attempt_at = None;
        message.failure = None;
        self.store.set_message(&message)?;
        self.wake_at(now.plus_millis(SAFETY_NET_MS)).await;
        self.pump_soon();
        Ok(message.view())
    }
}
