use mail::EmailAddress;

use crate::message::Message;
use crate::outcome::{Ending, Verdict};
use crate::phase::Phase;
use crate::reply::Reply;

/// What was asked and answered about one message.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) message: Message,
    pub(super) mail_from: MailFrom,
    /// One for each recipient that was answered for.
    verdicts: Vec<Verdict>,
    /// How many recipients were named to the server.
    asked: usize,
}

/// Where the sender stands.
#[derive(Debug)]
pub(super) enum MailFrom {
    Unasked,
    Asked,
    Accepted,
    Refused(Reply),
}

impl Transaction {
    pub(super) fn new(message: Message) -> Self {
        Self { message, mail_from: MailFrom::Unasked, verdicts: Vec::new(), asked: 0 }
    }

    /// The next recipients, at most so many; they count as asked.
    pub(super) fn ask(&mut self, at_most: usize) -> impl Iterator<Item = &EmailAddress> {
        let from = self.asked;
        self.asked = from.saturating_add(at_most).min(self.message.rcpt_to().len());
        self.message.rcpt_to().iter().take(self.asked).skip(from)
    }

    /// The answer for the next recipient that was asked for.
    pub(super) fn answer(&mut self, verdict: Verdict) {
        self.verdicts.push(verdict);
    }

    pub(super) fn unanswered(&self) -> usize {
        self.asked.saturating_sub(self.verdicts.len())
    }

    pub(super) fn all_asked(&self) -> bool {
        self.asked >= self.message.rcpt_to().len()
    }

    pub(super) fn any_accepted(&self) -> bool {
        self.verdicts.contains(&Verdict::Accepted)
    }

    /// The server's no to the sender, when the replies to what was sent along with it are still to come.
    pub(super) fn sender_refusal(&self) -> Option<Reply> {
        match &self.mail_from {
            MailFrom::Refused(reply) => Some(reply.clone()),
            MailFrom::Unasked | MailFrom::Asked | MailFrom::Accepted => None,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        match self.mail_from {
            MailFrom::Unasked | MailFrom::Asked | MailFrom::Refused(_) => Phase::MailFrom,
            MailFrom::Accepted => Phase::RcptTo,
        }
    }

    /// The verdict for each recipient, once it is known how the message ended.
    pub(super) fn verdicts(self, ending: &Ending, phase: Phase) -> Vec<Verdict> {
        let for_the_rest = |was_accepted: bool| match ending {
            Ending::HandedOver { .. } if was_accepted => Verdict::Accepted,
            Ending::Unknown(_) if was_accepted => Verdict::Unknown,
            // A no to the message is a no to everybody; a farewell among the recipients only to the one it answered.
            Ending::Refused(reply) if phase >= Phase::MailFrom && phase != Phase::RcptTo => {
                Verdict::of(reply.clone())
            }
            _ => Verdict::NotSent,
        };
        let sender_was_refused = matches!(self.mail_from, MailFrom::Refused(_));
        let count = self.message.rcpt_to().len();
        let answered = self.verdicts.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
        let verdicts = answered.take(count).map(|answered| match answered {
            // What pipelined recipients are told after a refused sender is about the sender.
            Some(Verdict::Refused(_) | Verdict::TryLater(_)) if sender_was_refused => for_the_rest(false),
            Some(told @ (Verdict::Refused(_) | Verdict::TryLater(_))) => told,
            Some(Verdict::Accepted) => for_the_rest(true),
            Some(Verdict::NotSent | Verdict::Unknown) | None => for_the_rest(false),
        });
        verdicts.collect()
    }
}
