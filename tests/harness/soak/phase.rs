use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Value, json};

/// Which way mail goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Microsoft Graph.
    Graph,
    /// Microsoft 365 SMTP OAuth2.
    Smtp,
}

impl Way {
    /// Messages that a mailbox hands over at the same time.
    pub(super) const fn lanes(self) -> usize {
        match self {
            Self::Graph => 1,
            Self::Smtp => 3,
        }
    }
}

/// Where a message is when everything around it dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// The request is coming in, or being sealed.
    Staging,
    /// It was accepted, and waits for its turn.
    Committed,
    /// Its bytes are on their way to Microsoft.
    BodyGoing,
    /// Microsoft has all of it, and has not said so.
    AwaitingReply,
    /// Microsoft has just said so.
    Recording,
}

/// How long Microsoft holds what it is told to hold, in milliseconds: longer than it takes to look and to kill on a busy machine.
pub(super) const HOLD_MS: u64 = 3000;

/// How long an answer takes whose moment is to be met, in milliseconds.
pub(super) const ANSWER_MS: u64 = 300;

impl Phase {
    pub(super) const ALL: [Self; 5] =
        [Self::Staging, Self::Committed, Self::BodyGoing, Self::AwaitingReply, Self::Recording];

    /// What Microsoft does to make the phase long enough to hit. Where there are several ways to do it, rounds take turns.
    pub(super) fn order(self, way: Way, round: usize) -> Option<Value> {
        let turns = match (self, way) {
            (Self::Staging, _) => return None,
            (Self::Committed, Way::Graph) => vec![json!({ "delay_answer_ms": HOLD_MS })],
            (Self::Committed, Way::Smtp) => vec![json!({ "stall": "data" })],
            (Self::BodyGoing, Way::Graph) => vec![json!({ "delay_ms": HOLD_MS })],
            (Self::BodyGoing, Way::Smtp) => vec![json!({ "delay_ms": HOLD_MS, "step": "body" })],
            // It is in the inbox, or gets there, …
            (Self::AwaitingReply, Way::Graph) => {
                vec![json!({ "delay_answer_ms": HOLD_MS }), json!({ "delay_work_ms": HOLD_MS })]
            }
            // … or never does.
            (Self::AwaitingReply, Way::Smtp) => vec![
                json!({ "delay_answer_ms": HOLD_MS }),
                json!({ "stall": "end_of_data" }),
                json!({ "delay_ms": HOLD_MS, "step": "end_of_data" }),
            ],
            (Self::Recording, _) => vec![json!({ "delay_answer_ms": ANSWER_MS })],
        };
        turns.get(round % turns.len()).cloned()
    }

    /// How long connections of the process that died still count as such, where Microsoft was told to hold them: a mailbox that
    /// signs in a fourth time waits for half a minute.
    pub(super) fn haunted(self, way: Way) -> Duration {
        match (self, way) {
            (Self::BodyGoing | Self::AwaitingReply, Way::Smtp) => Duration::from_millis(HOLD_MS),
            _ => Duration::ZERO,
        }
    }

    /// Bytes of the file that each message brings.
    pub(super) fn file_bytes(self, way: Way, round: usize) -> Option<usize> {
        match (self, way) {
            // More than one row, so that there is something to be cut through.
            (Self::Staging, _) => Some(1_200_000),
            // More than the network takes before anybody reads it. What Graph gets at once arrives later.
            (Self::BodyGoing, Way::Graph) => round.is_multiple_of(2).then_some(2_800_000),
            (Self::BodyGoing, Way::Smtp) => Some(3_600_000),
            _ => None,
        }
    }

    /// Messages of one round.
    pub(super) const fn load(self) -> usize {
        match self {
            Self::BodyGoing => 5,
            _ => 8,
        }
    }

    /// How many messages nobody can know about after one kill.
    ///
    /// By Graph that is every request, from when it was opened. By SMTP a server has nothing before the end of the message has
    /// been written, so that nothing is lost with the way there.
    pub(super) fn unknowns(self, way: Way) -> RangeInclusive<usize> {
        let lanes = way.lanes();
        match (self, way) {
            (Self::Staging, _) | (Self::Committed | Self::BodyGoing, Way::Smtp) => 0..=0,
            (Self::Committed | Self::BodyGoing | Self::AwaitingReply, _) => lanes..=lanes,
            (Self::Recording, _) => 0..=lanes,
        }
    }
}
