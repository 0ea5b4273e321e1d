use api::{MessageId, Timestamp};
use microsoft::Resource;

use super::MailboxRecord;
use crate::outbox::Delivery;
use crate::tokens::Renewal;

/// What the host does after a step is stored. Each may be lost in a crash; the alarm finds what is left to do.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Hand a message over; its result comes back by [`super::Mailbox::delivered`].
    Deliver(Box<Delivery>),
    /// Ask Entra for tokens; the result comes back by [`super::Mailbox::renewed`].
    Renew(Box<Renewal>),
    /// Make a harmless request of Graph; the result comes back by [`super::Mailbox::checked`].
    CheckGraph(Box<GraphCheck>),
    /// Start messages that are due.
    Pump,
    /// Do what KV still has to do.
    WorkOnKv,
    /// Set the alarm to this time.
    SetAlarm(Timestamp),
    /// A renewal has ended: its callers go on.
    RenewalEnded(u64),
    /// A message changed: callers that wait for its outcome are told.
    Notify(MessageId),
    /// Write a line to the log.
    Log(LogEntry),
}

/// A harmless request that shows whether Graph answers.
#[derive(Clone, Debug)]
pub struct GraphCheck {
    /// The mailbox.
    pub mailbox: MailboxRecord,
    /// The number of the access token to use.
    pub token: u64,
    /// What the token is for.
    pub resource: Resource,
}

/// A line of the log: what happened, never what was in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogEntry {
    /// What happened.
    pub event: &'static str,
    /// How it ended.
    pub outcome: &'static str,
    /// The object it happened in.
    pub object: String,
    /// The status of the other side's answer; 0 when there is none.
    pub status: u16,
    /// The cause, in our own words.
    pub detail: String,
}
