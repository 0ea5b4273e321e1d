use api::{Code, MessageId, MessageState, MessageView, Problem};
use gateway::MessageRecord;

use crate::host::now;
use crate::objects::mailbox::Inner;

impl Inner {
    /// Calls a message off, if none of it can have left. Called off twice is called off.
    pub(in crate::objects::mailbox) fn cancel(&self, id: MessageId) -> Result<MessageView, Problem> {
        let mut message = self.found(id)?;
        match message.state {
            MessageState::Cancelled => return Ok(message.view()),
            MessageState::Sending => return Err(under_way()),
            state if state.is_final() => return Err(ended(&message)),
            _ => {}
        }
        self.end(&mut message, MessageState::Cancelled)?;
        message.changed_at = now();
        self.store.set_message(&message)?;
        self.tell_waiting(id);
        Ok(message.view())
    }

    /// A message of this mailbox.
    pub(in crate::objects::mailbox) fn found(&self, id: MessageId) -> Result<MessageRecord, Problem> {
        self.store.mailbox()?;
        let missing = || Problem::new(Code::NotFound, "there is no such message");
        self.store.message(id)?.ok_or_else(missing)
    }
}

pub(super) fn under_way() -> Problem {
    Problem::new(Code::MessageUnderWay, "the message is being handed over at this moment").with_retry_after(5)
}

pub(in crate::objects::mailbox) fn ended(message: &MessageRecord) -> Problem {
    let state = message.state.as_str();
    Problem::new(Code::MessageEnded, format!("the message is {state}")).with_param("state", &state)
}
