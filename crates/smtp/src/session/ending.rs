use super::transaction::Transaction;
use super::{Session, State};
use crate::outcome::{Ending, Outcome, Stop};
use crate::wish::Wish;

/// How a message and a conversation end.
impl Session {
    /// Tells the outcome of the message that was under way.
    pub(super) fn finish(&mut self, ending: Ending) {
        let phase = self.phase();
        let transaction = self.transaction.take();
        let verdicts =
            transaction.map(|transaction| transaction.verdicts(&ending, phase)).unwrap_or_default();
        let challenge = self.challenge.take();
        self.wishes.push_back(Wish::Finished(Outcome { ending, phase, verdicts, challenge }));
    }

    /// The conversation broke off: nothing more is written, and whoever waits is told what is known.
    pub(super) fn stop(&mut self, stop: Stop) {
        self.drop_writes();
        self.early.clear();
        match self.state {
            // The outcome has been told.
            State::Idle { .. } | State::Quit | State::Over => {}
            State::EndOfData { left: true } => self.finish(Ending::Unknown(stop)),
            _ => match self.transaction.as_ref().and_then(Transaction::sender_refusal) {
                Some(refusal) => self.finish(Ending::Refused(refusal)),
                None => self.finish(Ending::Stopped(stop)),
            },
        }
        self.state = State::Over;
    }

    pub(super) fn drop_writes(&mut self) {
        self.wishes.retain(|wish| matches!(wish, Wish::Finished(_)));
    }
}
