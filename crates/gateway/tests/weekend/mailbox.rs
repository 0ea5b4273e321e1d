use std::collections::BTreeSet;

use api::{Code, Timestamp};
use gateway::{
    AfterAttempt, Limits, Next, Pacing, Restraint, Stage, after_refusal, held_until, pauses_the_mailbox,
};
use microsoft::{Refusal, Sent, read_send_mail};
use serde::{Deserialize, Serialize};

use crate::other_side::OtherSide;

/// A message that the ERP posts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Post {
    pub(crate) at: Timestamp,
    pub(crate) recipients: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    HandedOver,
    Unknown,
    Refused,
    Expired,
}

#[derive(Clone, Debug)]
pub(crate) struct Message {
    recipients: u32,
    pub(crate) since: Timestamp,
    attempts: u32,
    pub(crate) ended: Option<(Ended, Timestamp)>,
}

/// What a mailbox keeps between two attempts; it is written and read again each time, as an object's storage is.
#[derive(Default, Serialize, Deserialize)]
struct Stored {
    pacing: Pacing,
    restraint: Restraint,
    pause_until: Timestamp,
}

/// What people do.
#[derive(Clone, Copy, Default)]
pub(crate) struct People {
    /// Whether they chose doubles above losses.
    pub(crate) repeat_unknown: bool,
    /// When somebody signs in, which lets go what is held.
    pub(crate) sign_in_at: Option<Timestamp>,
}

/// A mailbox that does what the rules decide, and nothing else.
pub(crate) struct Mailbox {
    pub(crate) messages: Vec<Message>,
    people: People,
    /// Whose turn comes when.
    due: BTreeSet<(Timestamp, usize)>,
    /// What waits for a person, and until when.
    held: BTreeSet<(Timestamp, usize)>,
    now: Timestamp,
    stored: String,
}

impl Mailbox {
    pub(crate) fn new(posts: &[Post], people: People) -> Self {
        let message =
            |post: &Post| Message { recipients: post.recipients, since: post.at, attempts: 0, ended: None };
        Self {
            messages: posts.iter().map(message).collect(),
            people,
            due: posts.iter().enumerate().map(|(number, post)| (post.at, number)).collect(),
            held: BTreeSet::new(),
            now: Timestamp::default(),
            stored: serde_json::to_string(&Stored::default()).unwrap(),
        }
    }

    /// Steps from moment to moment until nothing waits any more.
    pub(crate) fn run(&mut self, side: &mut OtherSide) {
        loop {
            let mut stored: Stored = serde_json::from_str(&self.stored).unwrap();
            let sends_at = self.due.first().map(|(due, number)| {
                let from = self.now.max(*due).max(stored.pause_until);
                stored.pacing.next_start(Limits::default(), self.messages[*number].recipients, from)
            });
            let expires_at = self.held.first().map(|(until, _)| *until);
            let Some(next) = [sends_at, expires_at, self.people.sign_in_at].into_iter().flatten().min()
            else {
                return;
            };
            self.now = self.now.max(next);
            if self.people.sign_in_at == Some(next) {
                self.people.sign_in_at = None;
                self.let_go();
            } else if expires_at == Some(next) {
                let (_, number) = self.held.pop_first().unwrap();
                self.end(number, Ended::Expired);
            } else {
                let (_, number) = self.due.pop_first().unwrap();
                self.attempt(number, &mut stored, side);
            }
            self.stored = serde_json::to_string(&stored).unwrap();
        }
    }

    fn let_go(&mut self) {
        for (_, number) in std::mem::take(&mut self.held) {
            self.messages[number].since = self.now;
            self.due.insert((self.now, number));
        }
    }

    fn attempt(&mut self, number: usize, stored: &mut Stored, side: &mut OtherSide) {
        let (now, message) = (self.now, &mut self.messages[number]);
        message.attempts += 1;
        stored.pacing.begin(Limits::default(), message.recipients, now);
        let answer = side.answer(number, message.recipients, now);
        let refusal = match answer.as_ref().map(read_send_mail) {
            Some(Sent::HandedOver { pause_ms, .. }) => {
                stored.restraint.after_hand_over();
                stored.pause_for(pause_ms, now);
                return self.end(number, Ended::HandedOver);
            }
            Some(Sent::TokenRefused(refusal) | Sent::Refused(refusal)) => refusal,
            None => Refusal::new(Code::OutcomeUnknown, "the connection broke"),
        };
        let stage = Stage::HandOver;
        if pauses_the_mailbox(refusal.code, stage) {
            stored.pause_for(refusal.retry_after_ms, now);
        }
        if let Some(until) = stored.restraint.after_refusal(refusal.code, stage, now) {
            stored.pause_until = stored.pause_until.max(until);
        }
        let attempt = AfterAttempt {
            stage,
            shared: false,
            attempts: message.attempts,
            since: message.since,
            repeat_unknown: self.people.repeat_unknown,
            now,
            jitter: u32::try_from(number * 7_919).unwrap_or_default(),
        };
        match after_refusal(&refusal, attempt) {
            Next::Retry(at) => {
                assert!(at > now);
                self.due.insert((at, number));
            }
            Next::Hold => {
                self.held.insert((held_until(message.since), number));
            }
            Next::Unknown => self.end(number, Ended::Unknown),
            Next::Refuse => self.end(number, Ended::Refused),
            Next::Expire => self.end(number, Ended::Expired),
        }
    }

    fn end(&mut self, number: usize, ended: Ended) {
        let before = self.messages[number].ended.replace((ended, self.now));
        assert!(before.is_none(), "message {number} ends once");
    }
}

impl Stored {
    fn pause_for(&mut self, pause_ms: Option<i64>, now: Timestamp) {
        if let Some(ms) = pause_ms {
            self.pause_until = self.pause_until.max(now.plus_millis(ms));
        }
    }
}
