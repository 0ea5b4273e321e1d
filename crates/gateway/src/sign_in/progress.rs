use api::{ConsentOutcome, Problem};
use serde::{Deserialize, Serialize};

use super::ConsentAttempt;
use crate::tokens::Authentication;

/// A consent attempt and how far it is. A stored format: later versions must read it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConsentRecord {
    /// The attempt.
    pub attempt: ConsentAttempt,
    /// How far it is.
    pub progress: Progress,
}

/// How far an attempt is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Progress {
    /// The browser is at Microsoft.
    Begun,
    /// The code is being redeemed; it is never redeemed twice, also not after a crash here.
    Redeeming,
    /// In order, but a person must confirm: the outcome shown, and the authentication to take over.
    Confirm(Box<ConsentOutcome>, Box<Authentication>),
    /// The authentication was taken over.
    Connected,
    /// It failed, and this was said.
    Refused(Box<Problem>),
}
