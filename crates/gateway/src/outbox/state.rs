use api::{Delay, MessageId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{CircuitBreaker, RateLimit, RefusalBackoff};

/// What a mailbox keeps about its sending as a whole. A stored format: later versions must read it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OutboxState {
    /// The rate limiter. Its stored name is that of 0.1.0.
    #[serde(default, rename = "pacing")]
    pub(crate) rate_limit: RateLimit,
    /// The back-off after refusals. Its stored name is that of 0.1.0.
    #[serde(default, rename = "restraint")]
    pub(crate) refusals: RefusalBackoff,
    /// The circuit breaker against outages.
    #[serde(default)]
    pub(crate) breaker: CircuitBreaker,
    /// No attempt starts before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pause: Option<Delay>,
    /// When old content and log were last deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) swept_at: Option<Timestamp>,
    /// The release of held messages that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) release: Option<Release>,
    /// The version and configuration that held messages were last released for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deployment: Option<String>,
    /// Messages that ended since a person last looked.
    #[serde(default, skip_serializing_if = "Unseen::is_empty")]
    pub(crate) unseen: Unseen,
}

/// A release of held messages: one goes as a probe, the others follow when the other side has taken it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Release {
    /// The probe, until its result is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) probe: Option<MessageId>,
    /// Messages held after this are not released.
    pub(crate) held_before: Timestamp,
    /// Whether a person did something that may have fixed the cause; else it was found out automatically.
    pub(crate) by_person: bool,
    /// Whether messages that were cut off three times are released, too.
    pub(crate) with_cut_off: bool,
}

/// Messages that ended otherwise than handed over since a person last looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unseen {
    /// Refused or expired.
    #[serde(default)]
    pub refused: u64,
    /// Unknown.
    #[serde(default)]
    pub unknown: u64,
    /// When the first of them ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl Unseen {
    /// Whether a person has seen all of them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Longest pause that any rule makes: a quota of a day. What lies further ahead is of a clock that was wrong.
const PAUSE_MS_MAX: i64 = 25 * 3_600_000;

impl OutboxState {
    /// Starts no attempt before `delay` is over.
    pub(crate) fn pause(&mut self, delay: Delay, now: Timestamp) {
        if self.paused_until(now) < delay.until {
            self.pause = Some(delay);
        }
    }

    /// When attempts may start again; the beginning of time when they may.
    #[must_use]
    pub(crate) fn paused_until(&self, now: Timestamp) -> Timestamp {
        let until = self.pause.as_ref().map(|pause| pause.until).unwrap_or_default();
        if until.since(now) > PAUSE_MS_MAX { Timestamp::default() } else { until }
    }
}
