//! Every fault there is, one after another, while a long queue drains.

use std::time::Duration;

use api::{Kind, MessageState};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::drain::{batch, drained, numbered};
use super::table::{Row, Table};
use super::{Way, mishaps};
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
    pub(super) spread: Spread,
}

/// Where in the queue a fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spread {
    /// From its beginning to its end.
    Messages,
    /// Early: there are fewer connections than messages.
    Connections,
    /// Once, as soon as anybody asks: whoever was told so does not ask again for a while.
    Once,
}

impl Fault {
    pub(super) fn new(name: &'static str, at: &'static str, makes: Makes, action: Value) -> Self {
        Self { name, at, action, makes, spread: Spread::Messages }
    }
}

/// So many small mails wait until the mailbox is signed in, and then every fault happens so many times while they go out.
pub async fn all_while_draining(way: Way, times: usize, count: usize) -> Table {
    // Its own: faults before a sign-in are everybody's.
    let stack = Stack::start(Options::default()).await;
    stack.sandbox.set(json!({ "send_delay_ms": 5 })).await;
    let company = Company::new(&stack, "storm").await;
    let person = company.person().await;
    let faults = match way {
        Way::Graph => mishaps::by_graph(),
        Way::Smtp => {
            person.save(|settings| settings.kind = Kind::SmtpOAuth2).await;
            mishaps::by_smtp()
        }
    };
    batch(&company, &numbered(&company, "Storm", count)).await;
    let waiting = company.newest(count).await;
    assert!(waiting.iter().all(|view| view.state == MessageState::Held), "nobody has signed in yet");

    let begun = Instant::now();
    let ids = order(&company, &faults, times, count).await;
    person.sign_in(&company.account).await;
    let views = drained(&company, count, Duration::from_secs(120 + count as u64 / 2)).await;
    let took = begun.elapsed();
    let happened = stack.sandbox.faults().await;
    let rows = faults.iter().zip(ids).map(|(fault, ids)| Row::of(fault, &ids, &happened)).collect();
    Table::judged(&company, rows, &views, took).await
}

/// Orders every fault several times, at places that are far apart in the queue.
async fn order(company: &Company<'_>, faults: &[Fault], times: usize, count: usize) -> Vec<Vec<u64>> {
    let spread = faults.iter().filter(|fault| fault.spread == Spread::Messages).count() * times;
    // Those that meet an earlier fault are not counted by the later ones.
    let apart = (count * 9 / 10).saturating_sub(spread) / spread;
    let mut ids: Vec<Vec<u64>> = faults.iter().map(|_| Vec::new()).collect();
    let mut place = 0;
    for time in 0..times {
        for (fault, ids) in faults.iter().zip(&mut ids) {
            let skip = match fault.spread {
                Spread::Messages => place,
                Spread::Connections => time * 2,
                Spread::Once if time > 0 => continue,
                Spread::Once => 0,
            };
            if fault.spread == Spread::Messages {
                place += apart;
            }
            let mut order = json!({ "at": fault.at, "skip": skip, "do": fault.action });
            if let (Some(order), "token") = (order.as_object_mut(), fault.at) {
                // The sign-in is not to be disturbed.
                order.insert("grant".to_owned(), "refresh_token".into());
            }
            ids.push(company.stack.sandbox.fault(order).await);
        }
    }
    ids
}
