use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Account, AttemptId, MailboxView};

/// An S256 code challenge (RFC 7636 section 4.2): 43 characters of base64url.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Challenge(pub String);

/// The SHA-256 of a value that itself stays in the browser, as base64url without padding: 43 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(pub String);

/// `POST /api/mailboxes/{mailbox}/consent`: begins a consent attempt, before the browser leaves for Microsoft.
///
/// `state`, `nonce` and the PKCE verifier are made and kept by the browser; the Worker only learns their hashes, so that
/// it has something of its own to check against when the browser comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeginConsent {
    /// The PKCE challenge that goes into the authorization URL.
    pub challenge: Challenge,
    /// SHA-256 of `state`.
    pub state_hash: Digest,
    /// SHA-256 of `nonce`.
    pub nonce_hash: Digest,
    /// Whether to let the person pick an account, instead of filling in the mailbox's address.
    #[serde(default)]
    pub choose_account: bool,
}

/// The answer to [`BeginConsent`]: what the browser needs for the authorization URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BegunConsent {
    /// The attempt, to finish it with.
    pub attempt: AttemptId,
    /// Entra's authorization endpoint, tenant included.
    pub authorization_endpoint: String,
    /// The app registration's client id.
    pub client_id: String,
    /// Where Microsoft sends the browser back to; registered there exactly so.
    pub redirect_uri: String,
    /// What to ask for.
    pub scopes: Vec<String>,
    /// The address to fill in on Microsoft's page; never together with `prompt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// `select_account`, when the person is to pick an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// What Microsoft asked to be repeated at the next sign-in, e.g. a second factor: the parameter `claims`, as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<String>,
    /// Seconds until the attempt ends by itself.
    pub expires_in_seconds: u32,
}

/// `POST /api/mailboxes/{mailbox}/consent/{attempt}`: redeems the code that Microsoft sent back.
///
/// A second post of the same attempt gets the first one's outcome and redeems nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinishConsent {
    /// The `state` that came back with the code.
    pub state: String,
    /// The nonce that went into the authorization URL.
    pub nonce: String,
    /// The PKCE verifier of the challenge.
    pub verifier: String,
    /// The authorization code.
    pub code: String,
}

impl fmt::Debug for FinishConsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FinishConsent([redacted])")
    }
}

/// `POST /api/mailboxes/{mailbox}/consent/{attempt}/refusal`: ends an attempt with the error that came back instead of a
/// code. The answer is the problem document that it amounts to.
///
/// All of it is a stranger's text, which anybody could have put into the address bar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusedConsent {
    /// The `state` that came back with it.
    pub state: String,
    /// `error` (RFC 6749 section 4.1.2.1).
    pub error: String,
    /// `error_subcode`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_subcode: Option<String>,
    /// `error_description`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}

/// `POST /api/mailboxes/{mailbox}/consent/{attempt}/answer`: what the person said to [`ConsentOutcome::Confirm`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnsweredConsent {
    /// Yes keeps the authentication; no throws it away and leaves the present one as it was.
    pub confirmed: bool,
}

/// How a redeemed consent ended. Refusals are problem documents instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ConsentOutcome {
    /// The mailbox is authenticated.
    Connected {
        /// The page as it is now.
        mailbox: Box<MailboxView>,
    },
    /// Everything is in order, but a person must agree to something first.
    Confirm {
        /// Who signed in.
        account: Account,
        /// The tenant of that account.
        tenant: String,
        /// What to agree to; never empty.
        reasons: Vec<ConfirmReason>,
    },
}

/// Something that is right only if a person says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum ConfirmReason {
    /// The organisation is not yet tied to a Microsoft tenant: this one would become it.
    PinTenant,
    /// Somebody else than last time signed in.
    AnotherAccount {
        /// Who it was last time.
        before: Account,
    },
}
