//! What every fault made of the messages that it happened to, and what became of all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use api::{MessageId, MessageState, MessageView};

use super::faults::{Fault, Makes};
use crate::company::Company;
use crate::sandbox;
use crate::time::until;

/// A fault and what it did.
#[derive(Debug)]
pub(super) struct Row {
    name: &'static str,
    makes: Makes,
    ordered: usize,
    hits: usize,
    /// Whom it happened to, as far as they said; SMTP has no word for it.
    whom: BTreeSet<MessageId>,
}

impl Row {
    /// What came of the orders with these ids.
    pub(super) fn of(fault: &Fault, ids: &[u64], happened: &[sandbox::Fault]) -> Self {
        let happened = || happened.iter().filter(|one| ids.contains(&one.id));
        Self {
            name: fault.name,
            makes: fault.makes,
            ordered: ids.len(),
            hits: happened().map(|one| one.hits).sum(),
            whom: happened().flat_map(|one| &one.requests).filter_map(|id| id.parse().ok()).collect(),
        }
    }

    fn ends_in(&self, state: MessageState) -> bool {
        match self.makes {
            Makes::Unknown { .. } => state == MessageState::Unknown,
            Makes::Refused => state == MessageState::Refused,
            Makes::Later => false,
        }
    }
}

/// What became of everything.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Row>,
    ended: BTreeMap<&'static str, usize>,
    arrived: usize,
    duplicated: usize,
    wrong: Vec<String>,
    took: Duration,
}

impl Table {
    /// Looks at all of a company's messages when they have come to their end.
    pub(super) async fn judged(
        company: &Company<'_>,
        rows: Vec<Row>,
        views: &[MessageView],
        took: Duration,
    ) -> Self {
        let mut ended: BTreeMap<&'static str, usize> = BTreeMap::new();
        for view in views {
            *ended.entry(view.state.as_str()).or_default() += 1;
        }
        let handed_over = ended.get(MessageState::HandedOver.as_str()).copied().unwrap_or_default();
        let late = rows.iter().filter(|row| row.makes == Makes::Unknown { arrives: true });
        let expected = handed_over + late.map(|row| row.hits).sum::<usize>();
        let copies = until("what is accepted late has arrived, too", async || {
            let mails = company.stack.sandbox.ledger(&company.account).await;
            (mails.len() >= expected).then(|| {
                let mut copies: BTreeMap<String, usize> = BTreeMap::new();
                for mail in mails {
                    *copies.entry(mail.subject).or_default() += 1;
                }
                copies
            })
        })
        .await;
        let arrived = copies.values().sum();
        let duplicated = copies.values().filter(|copies| **copies > 1).count();
        let mut wrong = Vec::new();
        if arrived != expected {
            wrong.push(format!("{arrived} arrived, and not {expected}"));
        }
        wrong.extend(misfits(&rows, views, &copies));
        Self { rows, ended, arrived, duplicated, wrong, took }
    }

    /// Fails when anything was lost, sent twice or explained wrongly.
    pub fn must_be_right(&self) {
        assert!(self.wrong.is_empty() && self.duplicated == 0, "{:#?}\n{self}", self.wrong);
    }
}

/// Whatever did not end as it must.
fn misfits(rows: &[Row], views: &[MessageView], copies: &BTreeMap<String, usize>) -> Vec<String> {
    let mut wrong = Vec::new();
    let arrived = |view: &MessageView| {
        view.reference.as_ref().and_then(|subject| copies.get(subject)).copied().unwrap_or_default()
    };
    for row in rows.iter().filter(|row| row.hits != row.ordered) {
        wrong.push(format!("{} happened {} times instead of {}", row.name, row.hits, row.ordered));
    }
    for view in views {
        let fits = match view.state {
            MessageState::HandedOver => arrived(view) == 1,
            MessageState::Unknown => arrived(view) <= 1,
            MessageState::Refused => arrived(view) == 0,
            _ => false,
        };
        if !fits {
            wrong.push(format!("{} arrived of {view:?}", arrived(view)));
        }
    }
    for state in [MessageState::Unknown, MessageState::Refused] {
        let hits: usize = rows.iter().filter(|row| row.ends_in(state)).map(|row| row.hits).sum();
        let count = views.iter().filter(|view| view.state == state).count();
        if hits != count {
            wrong.push(format!("{count} {state:?} after {hits} faults that make it so"));
        }
    }
    // Where it is known to whom a fault happened, each of them must have come to that very end.
    for view in views {
        for row in rows.iter().filter(|row| row.whom.contains(&view.id)) {
            let fits = match row.makes {
                Makes::Later => true,
                Makes::Refused => view.state == MessageState::Refused,
                Makes::Unknown { arrives } => {
                    view.state == MessageState::Unknown && arrived(view) == usize::from(arrives)
                }
            };
            if !fits {
                wrong.push(format!("after {}, {} arrived of {view:?}", row.name, arrived(view)));
            }
        }
    }
    wrong
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:44} {:>5}   each", "fault", "hits")?;
        for Row { name, makes, hits, .. } in &self.rows {
            let outcome = match makes {
                Makes::Later => "handed over, at once or later",
                Makes::Unknown { arrives: true } => "unknown, and arrived",
                Makes::Unknown { arrives: false } => "unknown, and did not arrive",
                Makes::Refused => "refused",
            };
            writeln!(f, "{name:44} {hits:>5}   {outcome}")?;
        }
        let ended: Vec<_> = self.ended.iter().map(|(state, count)| format!("{count} {state}")).collect();
        let Self { arrived, duplicated, wrong, took, .. } = self;
        let (ended, wrong, seconds) = (ended.join(", "), wrong.len(), took.as_secs());
        write!(f, "{ended}; {arrived} arrived, {duplicated} of them twice; {wrong} wrong; {seconds} s")
    }
}
