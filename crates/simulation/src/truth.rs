//! What really became of each message: what the other side took, and what the ERP was told.

use std::collections::BTreeMap;

use api::{MessageId, MessageState, Timestamp};
use mail::EmailAddress;

use crate::plan::DAY;

/// What is true of one message.
#[derive(Clone, Debug)]
pub(crate) struct MessageTruth {
    /// The ERP's number for it.
    pub(crate) number: u32,
    /// Whether it came with an idempotency key.
    pub(crate) keyed: bool,
    /// How many recipients it has.
    pub(crate) recipients: usize,
    /// The id under which it is stored.
    pub(crate) id: Option<MessageId>,
    /// Whether the ERP was told that it is accepted.
    pub(crate) told: bool,
    /// How often the other side took it, for each recipient, and when first.
    pub(crate) taken: Vec<(u32, Option<i64>)>,
    /// Whether it was reported as handed over, for each recipient.
    pub(crate) reported: Vec<bool>,
    /// When the ERP last said that it minds a second copy less than a missing one.
    pub(crate) consented_at: Option<i64>,
    /// What was last stored of it.
    pub(crate) last: Option<Last>,
    /// Since when it could go, as far as somebody decided that.
    pub(crate) could_go_since: Timestamp,
}

/// What was last stored of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Last {
    pub(crate) state: MessageState,
    pub(crate) accepted_at: Timestamp,
    pub(crate) changed_at: Timestamp,
    pub(crate) attempts: u32,
}

impl MessageTruth {
    /// Whether the other side took it for anybody.
    pub(crate) fn is_taken(&self) -> bool {
        self.taken.iter().any(|(count, _)| *count > 0)
    }

    /// Whether a repeated post must be answered with this very message.
    fn counts(&self, now: Timestamp) -> bool {
        const REMEMBERED_MS: i64 = api::IDEMPOTENCY_DAYS as i64 * DAY;
        self.id.is_some()
            && self.last.is_some_and(|last| {
                !last.state.is_final()
                    || now.since(last.changed_at) < REMEMBERED_MS
                    || now.since(last.accepted_at) < REMEMBERED_MS
            })
    }
}

/// What is true of all messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Truth {
    all: Vec<MessageTruth>,
    /// The newest message of each number.
    newest: BTreeMap<u32, usize>,
    by_id: BTreeMap<MessageId, usize>,
    /// Ids that a post came with, before anything of it was stored.
    posted: BTreeMap<MessageId, (u32, bool, usize)>,
}

impl Truth {
    /// Notes that a post of that number goes under way with that id.
    pub(crate) fn posting(&mut self, id: MessageId, number: u32, keyed: bool, recipients: usize) {
        self.posted.insert(id, (number, keyed, recipients));
    }

    /// The message with that id; one that is seen for the first time is new. An error says that the number is stored
    /// already, so that it goes out twice.
    pub(crate) fn seen(&mut self, id: MessageId, now: Timestamp) -> Result<&mut MessageTruth, String> {
        if let Some(index) = self.by_id.get(&id) {
            return Ok(&mut self.all[*index]);
        }
        let Some((number, keyed, recipients)) = self.posted.get(&id).copied() else {
            return Err(format!("{id} was never posted"));
        };
        if let Some(before) = self.newest.get(&number).map(|index| &self.all[*index])
            && (before.counts(now) || !keyed)
        {
            return Err(format!("message {number} is stored twice, as {:?} and {id}", before.id));
        }
        let index = self.all.len();
        self.all.push(MessageTruth {
            number,
            keyed,
            recipients,
            id: Some(id),
            told: false,
            taken: vec![(0, None); recipients],
            reported: vec![false; recipients],
            consented_at: None,
            last: None,
            could_go_since: now,
        });
        self.newest.insert(number, index);
        self.by_id.insert(id, index);
        Ok(&mut self.all[index])
    }

    /// The message with that id, if it was ever stored.
    pub(crate) fn get_mut(&mut self, id: MessageId) -> Option<&mut MessageTruth> {
        let index = *self.by_id.get(&id)?;
        self.all.get_mut(index)
    }

    /// The newest message of that number.
    pub(crate) fn newest(&self, number: u32) -> Option<&MessageTruth> {
        self.newest.get(&number).map(|index| &self.all[*index])
    }

    /// The message that a post of that number must be answered with, if there is one.
    pub(crate) fn to_be_replayed(&self, number: u32, now: Timestamp) -> Option<MessageId> {
        self.newest(number).filter(|message| message.keyed && message.counts(now))?.id
    }

    /// All messages.
    pub(crate) fn all(&self) -> &[MessageTruth] {
        &self.all
    }
}

/// The recipients of a message.
pub(crate) fn addresses(number: u32, recipients: usize) -> Vec<EmailAddress> {
    (0..recipients).filter_map(|n| format!("r{n}.m{number}@klant.nl").parse().ok()).collect()
}

/// Which recipient an address is.
pub(crate) fn recipient_of(address: &str) -> Option<usize> {
    address.strip_prefix('r')?.split_once('.')?.0.parse().ok()
}
