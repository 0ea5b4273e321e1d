use serde::{Deserialize, Serialize};

use crate::FixBy;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $fix_by:ident, $sentence:literal;)+) => {
        /// Why Microsoft refused, as far as its AADSTS number tells: chooses the words that a person reads, and nothing
        /// else, since the numbers may change (Microsoft: reference-error-codes).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(from = "String", into = "&'static str")] // as for `Code`
        pub enum Reason {
            $($(#[$doc])* $name,)+
            /// None that this version knows.
            Other,
        }

        impl Reason {
            /// Every reason, for tests and pages that show them all.
            pub const ALL: &[Self] = &[$(Self::$name,)+ Self::Other];

            /// The word of the JSON value.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ Self::Other => "other" }
            }

            /// Who can make it go away; nobody can tell for [`Reason::Other`].
            #[must_use]
            pub const fn fix_by(self) -> Option<FixBy> {
                match self { $(Self::$name => Some(FixBy::$fix_by),)+ Self::Other => None }
            }

            /// What is the case, in English.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)+ Self::Other => "Microsoft did not say why in a way that is known here." }
            }
        }
    };
}

impl From<Reason> for &'static str {
    fn from(reason: Reason) -> Self {
        reason.as_str()
    }
}

impl From<String> for Reason {
    fn from(word: String) -> Self {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == word).unwrap_or(Self::Other)
    }
}

reasons! {
    // Signing in again mends it
    /// AADSTS700082, 70008
    Unused = "unused", Employee, "The connection was not used for 90 days.";
    /// AADSTS50173, 50132, 50133
    SessionsRevoked = "sessions_revoked", Employee, "The password was reset, or all sessions of the account were revoked.";
    /// AADSTS70043
    SignInFrequency = "sign_in_frequency", Employee, "The organisation asks for a new sign-in every so often.";
    /// AADSTS50076, 50074, 50078, 50158
    SecondFactor = "second_factor", Employee, "Microsoft asks for a second factor.";
    /// AADSTS50079, 50072, 53004
    SecondFactorMissing = "second_factor_missing", Employee, "A second factor must be set up for the account first.";
    /// AADSTS50055, 50144, 50126
    PasswordExpired = "password_expired", Employee, "The account's password has expired or is not the right one.";
    /// AADSTS65001
    ConsentRemoved = "consent_removed", Employee, "The permission to send was withdrawn, or was never given.";
    /// AADSTS65004
    Declined = "declined", Employee, "The permissions were declined.";
    /// AADSTS70000, 54005 and the like
    TokenNotAccepted = "token_not_accepted", Employee, "Microsoft no longer accepts the token.";
    /// AADSTS50020, 16000, 90072
    AnotherAccount = "another_account", Employee, "The account belongs to another organisation.";
    /// AADSTS500207, 500208
    AccountType = "account_type", Employee, "Accounts of this type, such as personal ones, can't be used.";
    /// AADSTS50089, 90012
    TookTooLong = "took_too_long", Employee, "The sign-in took too long.";
    /// Found here: the tokens were issued to an app registration that is no longer in use.
    RegistrationChanged = "registration_changed", Employee, "The app registration was replaced by another one.";
    /// Found here: Graph answers 401 to a token that Entra has just issued.
    FreshTokenRefused = "fresh_token_refused", Employee, "Microsoft Graph does not accept a token that was issued a moment ago.";

    // An administrator of the organisation's Microsoft 365 mends it
    /// AADSTS53003, 530032, 530034, 530035, 50131
    AccessPolicy = "access_policy", Administrator, "An access policy of the organisation (Conditional Access) blocks this.";
    /// AADSTS53000, 53001, 50097
    DevicePolicy = "device_policy", Administrator, "An access policy demands a managed device, which a service can't be.";
    /// AADSTS53002
    AppPolicy = "app_policy", Administrator, "An access policy allows approved apps only.";
    /// AADSTS50105
    NotAssigned = "not_assigned", Administrator, "The account is not assigned to the app.";
    /// AADSTS50057
    AccountDisabled = "account_disabled", Administrator, "The account is disabled.";
    /// AADSTS50034
    AccountGone = "account_gone", Administrator, "The account does not exist in this organisation.";
    /// AADSTS50053
    AccountLocked = "account_locked", Administrator, "The account is locked for now.";
    /// AADSTS7000112, 1000031
    AppDisabled = "app_disabled", Administrator, "The app is switched off in the organisation.";
    /// AADSTS90093, 90094, 90095, 900941, 900981
    ApprovalNeeded = "approval_needed", Administrator, "An administrator must approve the app first.";
    /// AADSTS500212, 500213
    CrossTenantPolicy = "cross_tenant_policy", Administrator, "A cross-tenant access policy is in the way.";
    /// AADSTS50001, 500011, 500014
    ServiceMissing = "service_missing", Administrator, "The organisation lacks the Microsoft service that sending needs, or has switched it off.";
    /// Found in a mail server's 535 5.7.139: `SmtpClientAuthenticationDisabled` of the mailbox
    SmtpAuthOffMailbox = "smtp_auth_off_mailbox", Administrator, "Sending by SMTP (SMTP AUTH) is off for this mailbox.";
    /// Found in a mail server's 535 5.7.139: `SmtpClientAuthenticationDisabled` of the organisation
    SmtpAuthOffOrganisation = "smtp_auth_off_organisation", Administrator, "Sending by SMTP (SMTP AUTH) is off for the whole organisation.";

    // Whoever looks after the app registration mends it
    /// AADSTS7000215, 70002
    SecretWrong = "secret_wrong", Operator, "The app's client secret is not the right one; it must be its value, not its id.";
    /// AADSTS7000222
    SecretExpired = "secret_expired", Operator, "The app's client secret has expired.";
    /// AADSTS7000218
    CredentialMissing = "credential_missing", Operator, "Microsoft missed the app's secret or certificate.";
    /// AADSTS700025
    PublicClient = "public_client", Operator, "The redirect URI is registered for mobile and desktop apps; it belongs on the platform Web.";
    /// AADSTS700027
    CertificateWrong = "certificate_wrong", Operator, "The app's certificate is not one that the registration knows.";
    /// AADSTS700016, 70001, 700011
    AppNotFound = "app_not_found", Operator, "The app registration is not known there: its client id, tenant or cloud is not the right one.";
    /// AADSTS700084, 9002325, 9002327
    SinglePageApp = "single_page_app", Operator, "The redirect URI is registered for single-page apps; it belongs on the platform Web.";
    /// AADSTS50194, 650059, 90130, 9002332
    SingleTenant = "single_tenant", Operator, "The app registration is for one organisation, and is used for another.";
    /// AADSTS90002, 50059, 90019
    TenantUnknown = "tenant_unknown", Operator, "The tenant is not known at Microsoft.";
    /// AADSTS90038, 900439, 900382, 900432
    WrongCloud = "wrong_cloud", Operator, "The organisation is in another Microsoft cloud.";
    /// AADSTS50011, 500113, 900971, 70004
    RedirectUri = "redirect_uri", Operator, "The redirect URI is not registered for the app.";
    /// The other numbers that say that a request of ours is wrong.
    RequestWrong = "request_wrong", Operator, "Microsoft does not accept the request that was made here.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reason_reads_back_and_is_a_sentence() {
        let mut words = BTreeSet::new();
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_string(reason).unwrap(), format!("\"{}\"", reason.as_str()));
            assert_eq!(Reason::from(reason.as_str().to_owned()), *reason);
            assert!(words.insert(reason.as_str()), "{reason:?} shares its word");
            assert!(reason.sentence().ends_with('.'));
        }
        assert_eq!(serde_json::from_str::<Reason>("\"from_the_future\"").unwrap(), Reason::Other);
    }
}
