use serde::{Deserialize, Serialize};

use crate::TroubleView;

/// `POST /v1/test`: tests the mail server of the mailbox that sends from this address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestServer {
    /// The mailbox's address or an alias.
    pub from: String,
}

/// One line of the answer to a test of a mail server's settings (`application/x-ndjson`), told when it happens.
///
/// Nothing is sent: the test signs in and says goodbye. An answer without a last line that says how it ended was cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestLine {
    /// What will be tried, in this order; the first line.
    Plan(Vec<TestStep>),
    /// This went well.
    Step(TestStep),
    /// Everything did; the last line.
    Passed {
        /// How long it took, in milliseconds.
        took_ms: i64,
    },
    /// Something did not; the last line.
    Failed(Box<TestFailure>),
}

/// A step of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestStep {
    /// The relay answers.
    Relay,
    /// Something listens at the mail server's name and port.
    Connected,
    /// The connection is encrypted, and the certificate is the server's.
    Tls,
    /// It is a mail server, and it welcomes us.
    Greeted,
    /// User name and access code were right.
    SignedIn,
}

impl TestStep {
    /// Every step, for pages and tests that show them all.
    pub const ALL: [Self; 5] = [Self::Relay, Self::Connected, Self::Tls, Self::Greeted, Self::SignedIn];
}

/// Where a test ended, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestFailure {
    /// The step that did not go well.
    pub step: TestStep,
    /// Why, as the page of the mailbox says it.
    pub trouble: TroubleView,
}
