use api::{Delay, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Pacing, Restraint};

/// What a mailbox keeps about its sending as a whole. A stored format: later versions must read it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OutboxRecord {
    /// What it began lately.
    #[serde(default)]
    pub pacing: Pacing,
    /// What it was refused lately.
    #[serde(default)]
    pub restraint: Restraint,
    /// No hand-over begins before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Delay>,
    /// When old content and log were last looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swept_at: Option<Timestamp>,
}

impl OutboxRecord {
    /// Begins no hand-over before `delay` is over.
    pub fn pause(&mut self, delay: Delay) {
        if self.paused_until() < delay.until {
            self.pause = Some(delay);
        }
    }

    /// When hand-overs may begin again; the beginning of time when they may.
    #[must_use]
    pub fn paused_until(&self) -> Timestamp {
        self.pause.as_ref().map(|pause| pause.until).unwrap_or_default()
    }
}
