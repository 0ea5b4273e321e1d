use api::{Kind, MessageState, RecipientView, Upstream};
use mail::EmailAddress;
use serde::{Deserialize, Serialize};

use crate::sealing::masked_upstream;

/// What a mail server said of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It takes the message to them.
    Taken,
    /// It never will.
    Refused(Upstream),
    /// Not now.
    Later(Upstream),
}

/// Keeps what became of a message for each recipient from the moment on that their ways part; empty before, and for the
/// many messages for which everybody is told the same. A stored format: later versions must read it.
///
/// Who is not settled shares the message's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecipientStates(Vec<RecipientView>);

impl RecipientStates {
    /// Whether everybody was told the same so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Who the next attempt is for, out of everybody the message names: nobody who has it already gets it again.
    #[must_use]
    pub fn open(&self, everybody: Vec<EmailAddress>) -> Vec<EmailAddress> {
        if self.is_empty() {
            return everybody;
        }
        let is_open = |address: &EmailAddress| {
            let found = self.0.iter().find(|recipient| recipient.address == address.as_str());
            found.is_none_or(|recipient| !recipient.state.is_final())
        };
        everybody.into_iter().filter(is_open).collect()
    }

    /// Notes what was said of each recipient of an attempt, in the order of its envelope. After an earlier attempt that is
    /// `possibly_sent`, nobody is reported as refused who may have the message from that one.
    pub fn note(&mut self, envelope: &[EmailAddress], said: Vec<Said>, possibly_sent: bool) {
        for (address, said) in envelope.iter().zip(said) {
            let (state, upstream) = match said {
                Said::Taken => (MessageState::HandedOver, None),
                Said::Refused(upstream) if possibly_sent => {
                    (MessageState::Unknown, Some(masked_upstream(upstream)))
                }
                Said::Refused(upstream) => (MessageState::Refused, Some(masked_upstream(upstream))),
                Said::Later(upstream) => (MessageState::WillRetry, Some(masked_upstream(upstream))),
            };
            match self.0.iter_mut().find(|recipient| recipient.address == address.as_str()) {
                Some(known) => (known.state, known.upstream) = (state, upstream),
                None => self.0.push(RecipientView { address: address.to_string(), state, upstream }),
            }
        }
    }

    /// Opens those again who were refused, and nobody else; whether there were any.
    pub fn reopen_refused(&mut self) -> bool {
        let refused = self.0.iter_mut().filter(|recipient| recipient.state == MessageState::Refused);
        refused.map(|recipient| recipient.state = MessageState::Queued).count() > 0
    }

    /// Opens everybody again who does not have it for certain; whether there is anybody, or nobody was told apart yet.
    pub fn reopen(&mut self) -> bool {
        let open = self.0.iter_mut().filter(|recipient| recipient.state != MessageState::HandedOver);
        open.map(|recipient| recipient.state = MessageState::Queued).count() > 0 || self.is_empty()
    }

    /// Whether somebody does not have it, though it has ended for them.
    #[must_use]
    pub fn any_left_out(&self) -> bool {
        let is_left_out = |state: MessageState| state.is_final() && state != MessageState::HandedOver;
        self.0.iter().any(|recipient| is_left_out(recipient.state))
    }

    /// How many the next attempt is for, once they are told apart.
    #[must_use]
    pub fn count_open(&self) -> Option<usize> {
        let open = self.0.iter().filter(|recipient| !recipient.state.is_final()).count();
        (!self.is_empty()).then_some(open)
    }

    /// Whether somebody still waits for it.
    fn any_open(&self) -> bool {
        self.0.iter().any(|recipient| !recipient.state.is_final())
    }

    /// Whether a kind can send to those alone who are still open. Graph sends to everybody whom a message names.
    #[must_use]
    pub fn can_go_on_by(&self, kind: Kind) -> bool {
        kind != Kind::GraphOAuth2 || !self.any_open()
    }

    /// Settles who is still open, at the end of the last attempt, and says what that makes of the whole message: *unknown*
    /// when it is for anybody, else handed over when anybody got it.
    #[must_use]
    pub fn settle(&mut self, last: MessageState) -> MessageState {
        for recipient in self.0.iter_mut().filter(|recipient| !recipient.state.is_final()) {
            recipient.state = last;
            if last == MessageState::HandedOver {
                recipient.upstream = None;
            }
        }
        let any = |state| self.0.iter().any(|recipient| recipient.state == state);
        if self.is_empty() {
            last
        } else if any(MessageState::Unknown) {
            MessageState::Unknown
        } else if any(MessageState::HandedOver) {
            MessageState::HandedOver
        } else {
            last
        }
    }

    /// Who does not get it, each with the server's words; nothing when nobody was refused.
    #[must_use]
    pub fn refused(&self) -> Option<String> {
        let lines: Vec<String> = self
            .0
            .iter()
            .filter(|recipient| recipient.state == MessageState::Refused)
            .map(|recipient| match &recipient.upstream {
                Some(upstream) => format!("{}: {}", recipient.address, words(upstream)),
                None => recipient.address.clone(),
            })
            .collect();
        (!lines.is_empty()).then(|| lines.join("; "))
    }

    /// What the sender may know, while the message is in this state.
    #[must_use]
    pub fn view(&self, state: MessageState) -> Vec<RecipientView> {
        let shown = |recipient: &RecipientView| {
            let state = if recipient.state.is_final() { recipient.state } else { state };
            RecipientView { state, ..recipient.clone() }
        };
        self.0.iter().map(shown).collect()
    }
}

fn words(upstream: &Upstream) -> String {
    let parts = [Some(upstream.status.to_string()), upstream.code.clone(), upstream.message.clone()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn upstream(status: u16) -> Upstream {
        Upstream { status, code: None, message: Some("words".to_owned()), request_id: None }
    }

    fn addresses(names: &[&str]) -> Vec<EmailAddress> {
        names.iter().map(|name| format!("{name}@c.nl").parse().unwrap()).collect()
    }

    fn divided() -> RecipientStates {
        let mut recipients = RecipientStates::default();
        let said = vec![Said::Taken, Said::Refused(upstream(550)), Said::Later(upstream(450))];
        recipients.note(&addresses(&["a", "b", "c"]), said, false);
        recipients
    }

    fn states(recipients: &RecipientStates, message: MessageState) -> Vec<MessageState> {
        recipients.view(message).into_iter().map(|recipient| recipient.state).collect()
    }

    #[test]
    fn who_was_refused_can_be_tried_again_alone() {
        let everybody = addresses(&["a", "b", "c"]);
        let mut recipients = divided();
        let _ = recipients.settle(MessageState::HandedOver);
        assert!(recipients.any_left_out() && recipients.open(everybody.clone()).is_empty());
        assert_eq!(recipients.count_open(), Some(0));
        assert!(recipients.reopen_refused());
        assert_eq!(
            (recipients.open(everybody.clone()), recipients.count_open()),
            (addresses(&["b"]), Some(1))
        );
        let mut expired = divided();
        let _ = expired.settle(MessageState::Expired);
        assert!(expired.reopen());
        assert_eq!(expired.open(everybody), addresses(&["b", "c"]));
        assert!(!RecipientStates::default().reopen_refused());
        assert!(RecipientStates::default().reopen(), "nobody has it yet");
        assert_eq!(RecipientStates::default().count_open(), None);
        let mut cancelled = divided();
        let _ = cancelled.settle(MessageState::Cancelled);
        assert!(cancelled.any_left_out());
    }

    /// Found by the simulation: an attempt without an answer had reached both, and a later one refused one.
    #[test]
    fn refused_after_possibly_sent_is_unknown() {
        let mut recipients = RecipientStates::default();
        let said = vec![Said::Taken, Said::Refused(upstream(550))];
        recipients.note(&addresses(&["a", "b"]), said, true);
        assert_eq!(recipients.settle(MessageState::Unknown), MessageState::Unknown);
        let states = states(&recipients, MessageState::Unknown);
        assert_eq!(states, [MessageState::HandedOver, MessageState::Unknown]);
    }

    #[test]
    fn only_who_was_told_later_is_tried_again() {
        let everybody = addresses(&["a", "b", "c"]);
        assert_eq!(RecipientStates::default().open(everybody.clone()), everybody);
        assert_eq!(divided().open(everybody), addresses(&["c"]));
        assert!(divided().any_open());
        assert!(divided().can_go_on_by(Kind::SmtpBasic) && !divided().can_go_on_by(Kind::GraphOAuth2));
        assert!(RecipientStates::default().can_go_on_by(Kind::GraphOAuth2));
    }

    #[test]
    fn who_is_open_shares_the_messages_state_and_who_is_settled_does_not() {
        let (mut recipients, handed_over, refused) =
            (divided(), MessageState::HandedOver, MessageState::Refused);
        for state in [MessageState::WillRetry, MessageState::Sending, MessageState::Held] {
            assert_eq!(states(&recipients, state), [handed_over, refused, state]);
        }
        assert_eq!(recipients.settle(handed_over), handed_over);
        assert_eq!(states(&recipients, handed_over), [handed_over, refused, handed_over]);
        assert_eq!(recipients.refused().unwrap(), "b@c.nl: 550 words");
    }

    #[test]
    fn unknown_for_one_recipient_is_unknown_for_all() {
        assert_eq!(divided().settle(MessageState::Refused), MessageState::HandedOver);
        assert_eq!(divided().settle(MessageState::Unknown), MessageState::Unknown);
        let mut nobody = RecipientStates::default();
        assert_eq!(nobody.settle(MessageState::Refused), MessageState::Refused);
        nobody.note(&addresses(&["a"]), vec![Said::Refused(upstream(550))], false);
        assert_eq!(nobody.settle(MessageState::Refused), MessageState::Refused);
    }

    #[test]
    fn a_stored_list_is_read_again() {
        let stored = r#"[{"address":"a@c.nl","state":"handed_over"},
            {"address":"b@c.nl","state":"refused","upstream":{"status":550,"message":"words"}},
            {"address":"c@c.nl","state":"will_retry","upstream":{"status":450,"message":"words"}}]"#;
        assert_eq!(serde_json::from_str::<RecipientStates>(stored).unwrap(), divided());
    }

    proptest! {
        /// However a server answers over the attempts, nobody who has the message is asked for again.
        #[test]
        fn nobody_gets_it_twice(attempts in prop::collection::vec(prop::collection::vec(0..3u8, 5), 1..6)) {
            let everybody = addresses(&["a", "b", "c", "d", "e"]);
            let mut recipients = RecipientStates::default();
            let mut taken: Vec<EmailAddress> = Vec::new();
            for answers in attempts {
                let envelope = recipients.open(everybody.clone());
                prop_assert!(!envelope.iter().any(|address| taken.contains(address)));
                let said = answers.iter().take(envelope.len()).map(|answer| match answer {
                    0 => Said::Taken,
                    1 => Said::Refused(upstream(550)),
                    _ => Said::Later(upstream(450)),
                });
                let said: Vec<Said> = said.collect();
                taken.extend(envelope.iter().zip(&said).filter(|(_, said)| **said == Said::Taken).map(|(who, _)| who.clone()));
                recipients.note(&envelope, said, false);
            }
            prop_assert_eq!(recipients.open(everybody).is_empty(), !recipients.any_open());
        }
    }
}
