//! Mishaps on order: the next requests of a kind are refused, delayed, cut off or answered with nonsense.
//!
//! `POST /sandbox/faults` orders one ([`order`]), a layer around each endpoint ([`act`]) carries it out ([`carry`]). Those
//! of SMTP ([`smtp`]) are carried out by its sessions.

mod act;
mod answer;
mod carry;
mod order;
pub(crate) mod smtp;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use axum::{middleware, routing::MethodRouter};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::Instant;

pub(crate) use act::{Mark, Ordered};
pub(crate) use order::{Action, Order};
use smtp::Mishap;

use crate::state::Sandbox;

/// The endpoint it happens at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum At {
    Token,
    Authorize,
    AdminConsent,
    Me,
    SendMail,
    /// Both of Graph: an outage of all of it.
    Graph,
    Smtp,
}

impl At {
    /// Whether an order for this place concerns requests to that endpoint.
    fn covers(self, endpoint: Self) -> bool {
        self == endpoint || self == Self::Graph && endpoint.is_graph()
    }

    /// Whether Graph answers there.
    pub(crate) fn is_graph(self) -> bool {
        matches!(self, Self::Me | Self::SendMail | Self::Graph)
    }

    /// For people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Authorize => "authorize",
            Self::AdminConsent => "admin consent",
            Self::Me => "/me",
            Self::SendMail => "sendMail",
            Self::Graph => "Graph",
            Self::Smtp => "SMTP",
        }
    }
}

/// A grant whose requests are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GrantType {
    RefreshToken,
    AuthorizationCode,
}

/// Who asks for what, as far as a request shows it before it is worked on.
#[derive(Debug, Default)]
pub(crate) struct Asker {
    pub(crate) grant: Option<GrantType>,
    /// User name.
    pub(crate) account: Option<String>,
    /// `client-request-id`.
    pub(crate) request: Option<String>,
}

/// One order and how often it was carried out.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Fault {
    pub(crate) id: u64,
    pub(crate) at: At,
    pub(crate) grant: Option<GrantType>,
    pub(crate) account: Option<String>,
    /// `None`: until it is deleted, or its time is over.
    pub(crate) remaining: Option<u64>,
    /// Instant at which the fault expires.
    #[serde(skip)]
    until: Option<Instant>,
    /// How many are still let through before it happens at all.
    pub(crate) skip: u64,
    pub(crate) hits: u64,
    /// What those it happened to called themselves: `client-request-id`, where they said one.
    pub(crate) requests: Vec<String>,
    /// As ordered.
    #[serde(rename = "do")]
    pub(crate) ordered: Map<String, Value>,
    #[serde(skip)]
    deed: Deed,
}

/// What is carried out: around a request, or within an SMTP connection.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    Http(Action),
    Smtp(Mishap),
}

/// All orders of a run; the oldest that fits and is not used up is carried out, one per request.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    list: Vec<Fault>,
    ordered: u64,
}

impl Faults {
    /// Ids are not used again.
    pub(crate) fn add(&mut self, order: Order) -> u64 {
        self.ordered += 1;
        self.list.push(Fault {
            id: self.ordered,
            at: order.at,
            grant: order.grant,
            account: order.account,
            remaining: order.times,
            until: order.for_ms.map(|ms| Instant::now() + Duration::from_millis(ms)),
            skip: order.skip,
            hits: 0,
            requests: Vec::new(),
            ordered: order.ordered,
            deed: order.deed,
        });
        self.ordered
    }

    /// Used up ones stay in the list, for their `hits`.
    pub(crate) fn list(&mut self) -> &[Fault] {
        self.lapse();
        &self.list
    }

    /// Uses up those whose time is over.
    fn lapse(&mut self) {
        let now = Instant::now();
        for fault in self.list.iter_mut().filter(|fault| fault.until.is_some_and(|until| until <= now)) {
            fault.remaining = Some(0);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
    }

    /// Whether it was there.
    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let before = self.list.len();
        self.list.retain(|fault| fault.id != id);
        self.list.len() < before
    }

    fn any(&mut self, at: At) -> bool {
        self.lapse();
        self.list.iter().any(|fault| fault.at.covers(at) && fault.remaining != Some(0))
    }

    /// Counts a hit, if there is an order for this request.
    fn take(&mut self, at: At, asker: &Asker) -> Option<(Mark, Action)> {
        self.lapse();
        self.list.iter_mut().find_map(|fault| {
            let Deed::Http(action) = &fault.deed else { return None };
            let wanted = fault.at.covers(at)
                && fault.remaining != Some(0)
                && (fault.grant.is_none() || fault.grant == asker.grant)
                && fault.concerns(asker.account.as_deref());
            let action = wanted.then(|| action.clone())?;
            let mark = fault.hit()?;
            fault.requests.extend(asker.request.clone());
            Some((mark, action))
        })
    }

    /// The same within an SMTP connection, whose signed-in account this is.
    pub(crate) fn take_smtp<T>(
        &mut self,
        account: Option<&str>,
        fits: impl Fn(&Mishap) -> Option<T>,
    ) -> Option<T> {
        self.lapse();
        self.list.iter_mut().find_map(|fault| {
            let Deed::Smtp(mishap) = &fault.deed else { return None };
            let wanted = fault.remaining != Some(0) && fault.concerns(account);
            let taken = wanted.then(|| fits(mishap)).flatten()?;
            fault.hit().map(|_| taken)
        })
    }
}

impl Fault {
    /// Whether it was ordered for this account, or for everybody.
    fn concerns(&self, account: Option<&str>) -> bool {
        let whose = |wanted: &String| account.is_some_and(|account| account.eq_ignore_ascii_case(wanted));
        self.account.as_ref().is_none_or(whose)
    }

    /// Counts one that fits; `None` for those let through first.
    fn hit(&mut self) -> Option<Mark> {
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.hits += 1;
        self.remaining = self.remaining.map(|times| times - 1);
        Some(Mark { fault: self.id, hit: self.hits })
    }
}

/// An endpoint with whatever is ordered for it.
pub(crate) fn around(
    endpoint: MethodRouter<Arc<Sandbox>>,
    at: At,
    sandbox: &Arc<Sandbox>,
) -> MethodRouter<Arc<Sandbox>> {
    endpoint.route_layer(middleware::from_fn_with_state((Arc::clone(sandbox), at), act::act))
}
