use std::collections::BTreeMap;

use api::Timestamp;
use microsoft::HttpResponse;

/// What Microsoft Graph does with one request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Take,
    /// `202` with `Retry-After`, in seconds.
    TakeAndSlow(u32),
    /// `429` with `Retry-After`, in seconds.
    Throttle(u32),
    Unavailable,
    /// The connection breaks before the answer; whether the message was taken only this side knows.
    Cut {
        taken: bool,
    },
    RefuseRecipient,
    RefuseQuota,
    RefuseToken,
}

/// A time in which these acts take turns.
#[derive(Clone, Debug)]
pub(crate) struct Phase {
    pub(crate) until: Timestamp,
    pub(crate) acts: Vec<Act>,
}

struct Request {
    at: Timestamp,
    recipients: u32,
}

/// Microsoft's side: follows its script, takes everything when that is over, and knows the truth about every message.
pub(crate) struct OtherSide {
    script: Vec<Phase>,
    requests: Vec<Request>,
    taken: BTreeMap<usize, usize>,
    taken_and_cut: BTreeMap<usize, usize>,
    /// What it asked for by `Retry-After`.
    not_before: Timestamp,
}

impl OtherSide {
    pub(crate) fn new(script: Vec<Phase>) -> Self {
        Self {
            script,
            requests: Vec::new(),
            taken: BTreeMap::new(),
            taken_and_cut: BTreeMap::new(),
            not_before: Timestamp::default(),
        }
    }

    /// Answers a request, unless the connection breaks first.
    pub(crate) fn answer(&mut self, message: usize, recipients: u32, now: Timestamp) -> Option<HttpResponse> {
        assert!(now >= self.not_before, "Retry-After is obeyed");
        let phase = self.script.iter().find(|phase| now < phase.until);
        let act = phase.map_or(Act::Take, |phase| phase.acts[self.requests.len() % phase.acts.len()]);
        self.requests.push(Request { at: now, recipients });
        if matches!(act, Act::Take | Act::TakeAndSlow(_) | Act::Cut { taken: true }) {
            *self.taken.entry(message).or_default() += 1;
        }
        if matches!(act, Act::Cut { taken: true }) {
            *self.taken_and_cut.entry(message).or_default() += 1;
        }
        let (status, code, retry_after) = match act {
            Act::Take => (202, "", None),
            Act::TakeAndSlow(seconds) => (202, "", Some(seconds)),
            Act::Throttle(seconds) => (429, "ApplicationThrottled", Some(seconds)),
            Act::Unavailable => (503, "ServiceUnavailable", None),
            Act::Cut { .. } => return None,
            Act::RefuseRecipient => (400, "ErrorInvalidRecipients", None),
            Act::RefuseQuota => (403, "ErrorExceededMessageLimit", None),
            Act::RefuseToken => (401, "InvalidAuthenticationToken", None),
        };
        let body = serde_json::json!({"error": {"code": code, "message": "m"}}).to_string();
        let mut answer = http::Response::builder().status(status);
        if let Some(seconds) = retry_after {
            self.not_before = now.plus_seconds(seconds.into());
            answer = answer.header("retry-after", seconds);
        }
        Some(answer.body(body.into()).unwrap())
    }

    /// How often it took a message.
    pub(crate) fn taken(&self, message: usize) -> usize {
        self.taken.get(&message).copied().unwrap_or_default()
    }

    /// How often it took a message without anybody being told.
    pub(crate) fn taken_and_cut(&self, message: usize) -> usize {
        self.taken_and_cut.get(&message).copied().unwrap_or_default()
    }

    pub(crate) fn asked(&self) -> usize {
        self.requests.len()
    }

    pub(crate) fn asked_until(&self, moment: Timestamp) -> usize {
        self.requests.iter().filter(|request| request.at < moment).count()
    }

    /// Exchange's limits, wherever the window begins: 30 messages in a minute, 10,000 recipients in a day.
    pub(crate) fn was_asked_for_no_more_than_it_takes(&self) {
        assert!(self.most_within(60_000, |_| 1) <= 30);
        assert!(self.most_within(24 * 3_600_000, |request| request.recipients) <= 10_000);
    }

    fn most_within(&self, window_ms: i64, weight: impl Fn(&Request) -> u32) -> u32 {
        let (mut most, mut sum, mut first) = (0, 0, 0);
        for last in &self.requests {
            sum += weight(last);
            while last.at.since(self.requests[first].at) >= window_ms {
                sum -= weight(&self.requests[first]);
                first += 1;
            }
            most = most.max(sum);
        }
        most
    }
}
