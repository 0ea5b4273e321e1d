//! A tenant's rules about consent and SMTP, and whom they stop (sections 2.2, 2.4, 6.5).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    account::Account,
    scopes::{Scope, USER_READ},
};

/// The user consent setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UserConsent {
    /// The legacy setting: users may consent to anything here.
    Allowed,
    /// "Let Microsoft manage": reading mail is not for users to grant. Today's default.
    Managed,
    Denied,
}

impl UserConsent {
    /// As in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Managed => "managed",
            Self::Denied => "denied",
        }
    }
}

/// How far the retirement of passwords by SMTP is (section 6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SmtpBasic {
    /// An administrator has switched it on again, as can be done until it is retired.
    Enabled,
    /// An administrator could still allow it.
    Disabled,
    /// Nobody can.
    Retired,
}

/// What `PATCH /sandbox/tenants/{tid}` changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, as in an administrator's list"
)]
pub(crate) struct Policy {
    pub(crate) user_consent: UserConsent,
    pub(crate) admin_consent_workflow: bool,
    /// The app counts as unverified: users grant it basic sign-in and nothing else.
    pub(crate) step_up: bool,
    pub(crate) assignment_required: bool,
    /// `SmtpClientAuthenticationDisabled`; a mailbox may say otherwise.
    pub(crate) smtp_auth_disabled: bool,
    pub(crate) smtp_basic: SmtpBasic,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            user_consent: UserConsent::Managed,
            admin_consent_workflow: false,
            step_up: false,
            assignment_required: false,
            smtp_auth_disabled: false,
            smtp_basic: SmtpBasic::Disabled,
        }
    }
}

impl Policy {
    /// What is absent stays; an unknown name is an error.
    pub(crate) fn changed(self, change: Map<String, Value>) -> Result<Self, serde_json::Error> {
        let mut all = serde_json::to_value(self)?;
        if let Some(fields) = all.as_object_mut() {
            fields.extend(change);
        }
        serde_json::from_value(all)
    }

    /// The number an account meets that may not grant these scopes itself; `None` when it may.
    pub(crate) fn stops(self, account: &Account, scopes: &[Scope]) -> Option<u32> {
        if account.admin {
            return None;
        }
        let risky = self.step_up && !scopes.iter().all(basic);
        let forbidden = match self.user_consent {
            UserConsent::Allowed => false,
            UserConsent::Managed => scopes.iter().any(reads_mail),
            UserConsent::Denied => true,
        };
        match (risky, forbidden || self.assignment_required || !account.may_consent) {
            (true, _) if self.admin_consent_workflow => Some(900_981),
            (true, _) => Some(900_941),
            (false, true) if self.admin_consent_workflow => Some(90095),
            (false, true) => Some(90094),
            (false, false) => None,
        }
    }
}

/// "Basic sign-in" (section 2.4).
fn basic(scope: &Scope) -> bool {
    scope.resource.is_none() || *scope == USER_READ
}

/// Of the managed policy's list (section 2.2) those this sandbox knows.
fn reads_mail(scope: &Scope) -> bool {
    scope.name.starts_with("Mail.Read")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scopes;

    #[test]
    fn who_is_stopped_by_what() {
        let anna = Account::new("1".into(), "a@b.example".into(), "A".into());
        let (send, write) =
            (scopes::read("openid Mail.Send").unwrap(), scopes::read("Mail.ReadWrite").unwrap());
        let sign_in = scopes::read("openid User.Read").unwrap();
        let usual = Policy::default();
        assert_eq!((usual.stops(&anna, &send), usual.stops(&anna, &write)), (None, Some(90094)));
        let free = Policy { user_consent: UserConsent::Allowed, ..usual };
        assert_eq!(free.stops(&anna, &write), None);
        let denied = Policy { user_consent: UserConsent::Denied, ..usual };
        assert_eq!(denied.stops(&anna, &sign_in), Some(90094));
        let risky = Policy { step_up: true, ..usual };
        assert_eq!((risky.stops(&anna, &send), risky.stops(&anna, &sign_in)), (Some(900_941), None));
        let asking = Policy { admin_consent_workflow: true, ..risky };
        assert_eq!((asking.stops(&anna, &send), asking.stops(&anna, &write)), (Some(900_981), Some(900_981)));
        let asking = Policy { admin_consent_workflow: true, ..denied };
        assert_eq!(asking.stops(&anna, &send), Some(90095));
        let child = Account { may_consent: false, ..anna.clone() };
        assert_eq!(free.stops(&child, &sign_in), Some(90094));
        let admin = Account { admin: true, ..anna };
        assert_eq!(denied.stops(&admin, &write), None);
    }
}
