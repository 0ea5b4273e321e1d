use api::{Account, ConfirmReason, ConsentOutcome, Problem};
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
    Confirm(Box<Confirmation>, Box<Authentication>),
    /// The authentication was taken over.
    Connected,
    /// It failed, and this was said.
    Refused(Box<Problem>),
}

/// [`ConsentOutcome::Confirm`] as it is stored: the one outcome that is. The enum itself would bring the code that reads the
/// whole page of its other variant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Confirmation {
    outcome: ConfirmTag,
    account: Account,
    tenant: String,
    reasons: Vec<ConfirmReason>,
}

/// Says which outcome it is, as the enum's tag does.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ConfirmTag {
    Confirm,
}

impl Confirmation {
    /// What a person must agree to before that authentication is taken over.
    #[must_use]
    pub fn new(authentication: &Authentication, reasons: Vec<ConfirmReason>) -> Self {
        let (account, tenant) = (authentication.account.clone(), authentication.tenant_id.clone());
        Self { outcome: ConfirmTag::Confirm, account, tenant, reasons }
    }
}

impl From<Confirmation> for ConsentOutcome {
    fn from(Confirmation { outcome: ConfirmTag::Confirm, account, tenant, reasons }: Confirmation) -> Self {
        Self::Confirm { account, tenant, reasons }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confirmation_is_stored_as_the_outcome_that_it_is() {
        let account = Account { name: Some("Anna".to_owned()), address: "a@b.nl".to_owned() };
        let confirmation = Confirmation {
            outcome: ConfirmTag::Confirm,
            account: account.clone(),
            tenant: "t-1".to_owned(),
            reasons: vec![ConfirmReason::PinTenant, ConfirmReason::AnotherAccount { before: account }],
        };
        let stored = serde_json::to_string(&confirmation).unwrap();
        assert_eq!(stored, serde_json::to_string(&ConsentOutcome::from(confirmation)).unwrap());
        assert!(serde_json::from_str::<Confirmation>(&stored).is_ok());
    }
}
