//! Who is connected and who sent how much: three connections per mailbox, thirty messages a minute (section 5).

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use crate::state::Sandbox;

const CONNECTIONS_MAX: usize = 3;
const MINUTE: i64 = 60;

/// By mailbox (`oid`).
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    signed_in: u64,
    /// Seats, in the order of sign-in.
    connections: BTreeMap<String, Vec<u64>>,
    /// Seconds since 1970 of messages taken lately.
    taken: BTreeMap<String, Vec<i64>>,
    sessions: BTreeMap<String, Sessions>,
}

/// Connections that signed in to a mailbox, so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Sessions {
    signed_in: u64,
    /// The most of them that were there together.
    at_once: usize,
}

impl Traffic {
    pub(crate) fn sessions(&self, mailbox: &str) -> Sessions {
        self.sessions.get(mailbox).copied().unwrap_or_default()
    }

    fn begin(&mut self, mailbox: &str) -> u64 {
        self.signed_in += 1;
        let here = self.connections.entry(mailbox.to_owned()).or_default();
        here.push(self.signed_in);
        let sessions = self.sessions.entry(mailbox.to_owned()).or_default();
        *sessions = Sessions { signed_in: sessions.signed_in + 1, at_once: sessions.at_once.max(here.len()) };
        self.signed_in
    }

    pub(crate) fn count(&mut self, mailbox: &str, now: i64) {
        let taken = self.taken.entry(mailbox.to_owned()).or_default();
        taken.retain(|second| second + MINUTE > now);
        taken.push(now);
    }

    pub(crate) fn in_the_last_minute(&self, mailbox: &str, now: i64) -> usize {
        let taken = self.taken.get(mailbox).map(Vec::as_slice).unwrap_or_default();
        taken.iter().filter(|second| *second + MINUTE > now).count()
    }
}

/// A connection signed in to a mailbox; leaving its scope ends it.
pub(crate) struct Seat {
    sandbox: Arc<Sandbox>,
    mailbox: String,
    number: u64,
}

impl Seat {
    pub(crate) fn take(sandbox: &Arc<Sandbox>, mailbox: &str) -> Self {
        let number = sandbox.store().smtp.begin(mailbox);
        Self { sandbox: Arc::clone(sandbox), mailbox: mailbox.to_owned(), number }
    }

    /// Whether three others were there before and still are.
    pub(crate) fn one_too_many(&self) -> bool {
        let store = self.sandbox.store();
        let all = store.smtp.connections.get(&self.mailbox);
        all.is_some_and(|all| {
            all.iter().take_while(|number| **number != self.number).count() >= CONNECTIONS_MAX
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(all) = self.sandbox.store().smtp.connections.get_mut(&self.mailbox) {
            all.retain(|number| *number != self.number);
        }
    }
}
