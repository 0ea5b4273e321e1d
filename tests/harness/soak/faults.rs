//! Every fault there is, one after another, while a long queue drains.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use api::{Kind, MessageId, MessageState, MessageView};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Way;
use super::drain::{batch, drained, numbered};
use crate::company::Company;
use crate::stack::{Options, Stack};

/// What one fault makes of a message that it happens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Makes {
    /// It is tried again, and goes.
    Later,
    /// Nobody can know whether it was taken. Here it was, sooner or later, or was not.
    Unknown { arrives: bool },
    /// It can't be sent.
    Refused,
}

/// One fault of the table.
pub(super) struct Fault {
    pub(super) name: &'static str,
    pub(super) at: &'static str,
    pub(super) action: Value,
    pub(super) makes: Makes,
    /// How far apart its hits are, where that does not follow from the length of the queue.
    pub(super) apart: Option<usize>,
}

impl Fault {
    pub(super) fn new(name: &'static str, at: &'static str, makes: Makes, action: Value) -> Self {
        Self { name, at, action, makes, apart: None }
    }
}

/// A fault and what it did.
#[derive(Debug)]
struct Row {
    name: &'static str,
    makes: Makes,
    hits: u64,
    /// Whom it happened to, as far as they said.
    requests: Vec<MessageId>,
}

/// What became of everything.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Row>,
    ended: BTreeMap<&'static str, usize>,
    arrived: usize,
    wrong: Vec<String>,
    took: Duration,
}

/// So many small mails wait until the mailbox is signed in, and then every fault happens so many times while they go out.
pub async fn all_while_draining(way: Way, times: usize, count: usize) -> Table {
    // Its own: faults before a sign-in are everybody's.
    let stack = Stack::start(Options::default()).await;
    stack.sandbox.set(json!({ "send_delay_ms": 5 })).await;
    let company = Company::new(&stack, "storm").await;
    let person = company.person().await;
    let faults = match way {
        Way::Graph => super::table::by_graph(),
        Way::Smtp => {
            person.save(|settings| settings.kind = Kind::SmtpOAuth2).await;
            super::table::by_smtp()
        }
    };
    let held = batch(&company, &numbered(&company, "Storm", count)).await;
    assert_eq!(company.look(held[count - 1].id).await.state, MessageState::Held);

    let begun = Instant::now();
    let ids = order(&company, &faults, times, count).await;
    person.sign_in(&company.account).await;
    let views = drained(&company, count, Duration::from_secs(120 + count as u64 / 2)).await;
    let took = begun.elapsed();
    let (hits, mut rows) = (stack.sandbox.faults().await, Vec::new());
    for (fault, ids) in faults.iter().zip(ids) {
        let hits: Vec<_> = hits.iter().filter(|one| ids.contains(&one.id)).collect();
        rows.push(Row {
            name: fault.name,
            makes: fault.makes,
            hits: hits.iter().map(|one| one.hits).sum(),
            requests: hits.iter().flat_map(|one| &one.requests).filter_map(|id| id.parse().ok()).collect(),
        });
    }
    judge(&company, way, times, rows, &views, took).await
}

/// Orders every fault several times, at places that are far apart in the queue.
async fn order(company: &Company<'_>, faults: &[Fault], times: usize, count: usize) -> Vec<Vec<u64>> {
    let spread = faults.iter().filter(|fault| fault.apart.is_none()).count() * times;
    // Those that meet an earlier fault are not counted by the later ones.
    let apart = (count * 9 / 10).saturating_sub(spread) / spread;
    let mut ids: Vec<Vec<u64>> = faults.iter().map(|_| Vec::new()).collect();
    let mut place = 0;
    for time in 0..times {
        for (fault, ids) in faults.iter().zip(&mut ids) {
            let skip = fault.apart.map_or(place, |apart| time * apart);
            place += if fault.apart.is_none() { apart } else { 0 };
            let mut order = json!({ "at": fault.at, "skip": skip, "do": fault.action });
            if fault.at == "send_mail" {
                order["account"] = company.account.upn.clone().into();
            }
            if fault.at == "token" {
                order["grant"] = "refresh_token".into();
            }
            ids.push(company.stack.sandbox.fault(order).await);
        }
    }
    ids
}

async fn judge(
    company: &Company<'_>,
    way: Way,
    times: usize,
    rows: Vec<Row>,
    views: &[MessageView],
    took: Duration,
) -> Table {
    let mut wrong = Vec::new();
    for row in rows.iter().filter(|row| row.hits != times as u64) {
        wrong.push(format!("{} happened {} times", row.name, row.hits));
    }
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    for mail in company.stack.sandbox.ledger(&company.account).await {
        *copies.entry(mail.subject).or_default() += 1;
    }
    let mut ended: BTreeMap<&'static str, usize> = BTreeMap::new();
    for view in views {
        *ended.entry(view.state.as_str()).or_default() += 1;
        let arrived = view.reference.as_ref().and_then(|subject| copies.get(subject)).copied();
        let fits = match (view.state, arrived.unwrap_or_default()) {
            (MessageState::HandedOver, 1) | (MessageState::Unknown, 0 | 1) | (MessageState::Refused, 0) => {
                true
            }
            _ => false,
        };
        if !fits {
            wrong.push(format!("{arrived:?} arrived of {view:?}"));
        }
    }
    for state in [MessageState::Unknown, MessageState::Refused] {
        let made = |row: &&Row| match row.makes {
            Makes::Unknown { .. } => state == MessageState::Unknown,
            Makes::Refused => state == MessageState::Refused,
            Makes::Later => false,
        };
        let hits: u64 = rows.iter().filter(made).map(|row| row.hits).sum();
        let count = ended.get(state.as_str()).copied().unwrap_or_default();
        if hits != count as u64 {
            wrong.push(format!("{count} {state:?} after {hits} faults that make it so"));
        }
        if way == Way::Graph {
            let hit: BTreeSet<MessageId> =
                rows.iter().filter(made).flat_map(|row| row.requests.clone()).collect();
            let are = views.iter().filter(|view| view.state == state);
            wrong.extend(
                are.filter(|view| !hit.contains(&view.id)).map(|view| format!("for no reason: {view:?}")),
            );
        }
    }
    let arrives = |row: &&Row| row.makes == Makes::Unknown { arrives: true };
    let late: u64 = rows.iter().filter(arrives).map(|row| row.hits).sum();
    let arrived: usize = copies.values().sum();
    let handed_over = ended.get(MessageState::HandedOver.as_str()).copied().unwrap_or_default();
    if arrived as u64 != handed_over as u64 + late {
        wrong.push(format!("{arrived} arrived, {handed_over} handed over and {late} said to have been lost"));
    }
    Table { rows, ended, arrived, wrong, took }
}

impl Table {
    /// Fails when anything was lost, sent twice or explained wrongly.
    pub fn must_be_right(&self) {
        assert!(self.wrong.is_empty(), "{:#?}\n{self}", self.wrong);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:44} {:>5}   each", "fault", "hits")?;
        for Row { name, makes, hits, .. } in &self.rows {
            let outcome = match makes {
                Makes::Later => "handed over later",
                Makes::Unknown { arrives: true } => "unknown, arrived",
                Makes::Unknown { arrives: false } => "unknown, did not arrive",
                Makes::Refused => "refused",
            };
            writeln!(f, "{name:44} {hits:>5}   {outcome}")?;
        }
        let ended: Vec<_> = self.ended.iter().map(|(state, count)| format!("{count} {state}")).collect();
        let twice = self.wrong.len();
        write!(f, "{}; {} arrived; {twice} wrong; {} s", ended.join(", "), self.arrived, self.took.as_secs())
    }
}
