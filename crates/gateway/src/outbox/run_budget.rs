use api::Kind;

use super::Message;

/// What one run of the outbox may do, so that it stays within what an invocation has on the free plan: 50 subrequests, and
/// a little processor time, which can't be measured from inside and goes with messages and bytes. A run at its end leaves
/// the rest to the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunBudget {
    messages: usize,
    subrequests: usize,
    bytes: u64,
}

impl Default for RunBudget {
    fn default() -> Self {
        Self { messages: 20, subrequests: 40, bytes: 12 * 1024 * 1024 }
    }
}

impl RunBudget {
    /// Whether another message may start. One of the largest size always may.
    pub(super) fn has_room(&self) -> bool {
        self.messages > 0 && self.subrequests > 0 && self.bytes > 0
    }

    /// Counts a message: a request and the same with a fresh token, or a relay's health, its order and a question.
    pub(super) fn count(&mut self, kind: Kind, message: &Message) {
        self.messages = self.messages.saturating_sub(1);
        self.subrequests = self.subrequests.saturating_sub(if kind.signs_in() { 2 } else { 3 });
        self.bytes = self.bytes.saturating_sub(message.bytes());
    }
}
