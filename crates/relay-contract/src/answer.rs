use serde::{Deserialize, Serialize};
use smtp::{Outcome, Step};

/// One line of the answer to an order that was taken. The last one is an outcome; without it, nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The conversation has come that far.
    Step(Step),
    /// It is over.
    Outcome(Outcome),
}

/// The answer to an order that was not taken: no connection was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// For programs.
    pub code: ProblemCode,
    /// For people.
    pub detail: String,
}

/// Why an order was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// The request can't be understood.
    Order,
    /// The signature is not one that this relay's key makes.
    Signature,
    /// The clocks differ by more than five minutes.
    Time,
    /// The request is older than the relay's process.
    BeforeStart,
    /// The nonce came before.
    Replayed,
    /// The relay's owner does not let it speak with this server.
    ServerNotAllowed,
    /// The server's name leads to an address inside a network, and its owner has not allowed that.
    PrivateAddress,
    /// Larger than this relay takes.
    TooLarge,
    /// As many conversations are under way as this relay can hold.
    Busy,
}

impl ProblemCode {
    /// Every code.
    pub const ALL: [Self; 9] = [
        Self::Order,
        Self::Signature,
        Self::Time,
        Self::BeforeStart,
        Self::Replayed,
        Self::ServerNotAllowed,
        Self::PrivateAddress,
        Self::TooLarge,
        Self::Busy,
    ];

    /// The HTTP status that it comes with.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Order => 400,
            Self::Signature | Self::Time | Self::BeforeStart | Self::Replayed => 401,
            Self::ServerNotAllowed | Self::PrivateAddress => 403,
            Self::TooLarge => 413,
            Self::Busy => 503,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What another relay writes must mean the same here; `data/answers.json` holds every form.
    #[test]
    fn every_form_of_an_answer_is_understood_and_written_the_same() {
        let answers: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../data/answers.json")).unwrap();
        for answer in &answers {
            let event: Event =
                serde_json::from_value(answer.clone()).unwrap_or_else(|e| panic!("{answer}: {e}"));
            assert_eq!(&serde_json::to_value(&event).unwrap(), answer);
        }
        let text = serde_json::to_string(&answers).unwrap();
        for phase in smtp::Phase::ALL.map(smtp::Phase::as_str) {
            assert!(text.contains(&format!("\"{phase}\"")), "no example of {phase}");
        }
    }
}
