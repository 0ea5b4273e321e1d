use api::{Account, AuthenticationView, Cloud, Code, Permission, Reason, Timestamp, TroubleView, Upstream};
use microsoft::{Decision, Endpoints, Refusal, Resource, Sending, needed, permission_name};
use serde::{Deserialize, Serialize};

use super::good_until;

/// A sealed value in base64, as it stands in a stored record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedText(pub String);

/// A token at rest, with the number that its sealing is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedToken {
    /// Which renewal it came from.
    pub number: u64,
    /// The token.
    pub sealed: SealedText,
}

/// The result of a consent as the Mailbox object keeps it, in one row, so that it changes in one write.
///
/// A stored format: later versions must read what this one wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// `tid`.
    pub tenant_id: String,
    /// `oid`.
    pub object_id: String,
    /// The app registration that the tokens were issued to. Absent in records of the first version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The cloud that they belong to.
    #[serde(default)]
    pub cloud: Cloud,
    /// Who signed in, for display.
    pub account: Account,
    /// What was granted, as Microsoft wrote it.
    pub scopes: Vec<String>,
    /// When the person consented.
    pub authenticated_at: Timestamp,
    /// When the refresh token was last renewed.
    pub renewed_at: Timestamp,
    /// The number of the last renewal; an older one never replaces a newer one.
    pub number: u64,
    /// The newest refresh token.
    pub refresh: SealedToken,
    /// The one before, kept until the newest has been used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<SealedToken>,
    /// Access tokens, one for each resource at most.
    #[serde(default)]
    pub access: Vec<AccessRecord>,
    /// What stands in the way of renewing; the tokens are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// Why renewing waits, though nobody needs to do anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
}

/// An access token at rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRecord {
    /// What it is for.
    pub resource: Resource,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Until when Microsoft takes it.
    pub valid_until: Timestamp,
    /// The token.
    pub token: SealedToken,
}

/// Why renewing does not work until a person does something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What it is.
    pub code: Code,
    /// What Microsoft said.
    pub detail: String,
    /// Since when.
    pub since: Timestamp,
    /// When renewing was last tried.
    pub tried_at: Timestamp,
    /// What to do about the tokens. Absent in records of the first version, and when it was not Entra that refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// Which words to use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Microsoft's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<Upstream>,
    /// Whether a message met it: then only another message can show that it is gone, and no renewal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub met_at_hand_over: bool,
    /// What the next sign-in must repeat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<String>,
}

impl Trouble {
    /// What a refusal leaves behind; the same trouble as before keeps its beginning.
    #[must_use]
    pub fn after(refusal: &Refusal, before: Option<&Self>, now: Timestamp) -> Self {
        let same = before.filter(|before| before.code == refusal.code && before.reason == refusal.reason());
        Self {
            code: refusal.code,
            detail: refusal.detail.clone(),
            since: same.map_or(now, |before| before.since),
            tried_at: now,
            decision: refusal.decision(),
            reason: refusal.reason(),
            upstream: refusal.upstream.clone(),
            met_at_hand_over: false,
            claims: refusal.verdict.as_ref().and_then(|verdict| verdict.claims.clone()),
        }
    }

    /// Whether the tokens are of no use until somebody signs in, so that asking with them again would be a loop.
    #[must_use]
    pub fn ends_the_tokens(&self) -> bool {
        self.decision.map_or(self.code == Code::SignInAgain, |decision| decision == Decision::SignInAgain)
    }

    /// As the page shows it.
    #[must_use]
    pub fn view(&self) -> TroubleView {
        TroubleView {
            code: self.code,
            reason: self.reason,
            detail: self.detail.clone(),
            since: self.since,
            upstream: self.upstream.clone(),
        }
    }
}

/// Why renewing waits: Microsoft is away, or asks for patience.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Nothing is asked before this.
    pub until: Timestamp,
    /// How often in a row it has failed.
    pub failures: u32,
    /// What it is.
    pub code: Code,
    /// What Microsoft said.
    pub detail: String,
}

impl Authentication {
    /// The access token of that resource, if one is there.
    #[must_use]
    pub fn access_to(&self, resource: Resource) -> Option<&AccessRecord> {
        self.access.iter().find(|record| record.resource == resource)
    }
}

/// The status panel: everything of an authentication but its tokens.
#[must_use]
pub fn view(
    authentication: &Authentication,
    sending: Sending,
    endpoints: &Endpoints,
    now: Timestamp,
) -> AuthenticationView {
    let needed: Vec<_> = needed(sending, endpoints);
    let is_needed = |name: &str| needed.iter().any(|scope| permission_name(scope) == name);
    let permissions =
        authentication.scopes.iter().map(|scope| permission_name(scope)).filter(|name| is_shown(name));
    let access = Resource::of(sending.kind)
        .and_then(|resource| authentication.access_to(resource))
        .filter(|access| access.valid_until > now);
    AuthenticationView {
        authenticated_at: authentication.authenticated_at,
        account: authentication.account.clone(),
        tenant: authentication.tenant_id.clone(),
        permissions: permissions
            .map(|name| Permission { name: name.to_owned(), needed: is_needed(name) })
            .collect(),
        refresh_token_renewed_at: authentication.renewed_at,
        refresh_token_good_until: good_until(authentication.renewed_at),
        access_token_valid_until: access.map(|access| access.valid_until),
        access_token_issued_at: access.map(|access| access.issued_at),
    }
}

/// The OIDC scopes say how one signs in, not what one may do.
fn is_shown(name: &str) -> bool {
    !matches!(name, "openid" | "profile" | "email" | "offline_access")
}

#[cfg(test)]
pub(crate) mod tests {
    use api::Kind;

    use super::*;

    pub(crate) fn authentication() -> Authentication {
        Authentication {
            tenant_id: "t".into(),
            object_id: "o".into(),
            client_id: None,
            cloud: Cloud::Installation,
            account: Account { name: None, address: "a@b.nl".into() },
            scopes: ["openid", "https://graph.microsoft.com/Mail.Send", "User.Read"].map(Into::into).into(),
            authenticated_at: Timestamp::from_millis(0),
            renewed_at: Timestamp::from_millis(1000),
            number: 1,
            refresh: SealedToken { number: 1, sealed: SealedText("sealed".into()) },
            previous: None,
            access: vec![AccessRecord {
                resource: Resource::Graph,
                issued_at: Timestamp::from_millis(1000),
                valid_until: Timestamp::from_millis(5000),
                token: SealedToken { number: 1, sealed: SealedText("sealed".into()) },
            }],
            trouble: None,
            pause: None,
        }
    }

    const SENDING: Sending = Sending { kind: Kind::GraphOAuth2, shared: false };

    #[test]
    fn the_same_trouble_keeps_its_beginning() {
        let at = Timestamp::from_millis;
        let first = Trouble::after(&Refusal::new(Code::SignInAgain, "a"), None, at(1));
        let again = Trouble::after(&Refusal::new(Code::SignInAgain, "b"), Some(&first), at(2));
        assert_eq!((again.since, again.tried_at), (at(1), at(2)));
        let other = Trouble::after(&Refusal::new(Code::RegistrationBroken, "c"), Some(&again), at(3));
        assert_eq!(other.since, at(3));
        assert!(first.ends_the_tokens() && !other.ends_the_tokens());
    }

    #[test]
    fn the_panel_shows_dates_and_permissions_and_no_token() {
        let endpoints = Endpoints::new("http://localhost:1", "http://localhost:1").unwrap();
        let at = |ms| view(&authentication(), SENDING, &endpoints, Timestamp::from_millis(ms));
        let shown = at(2000);
        let permissions: Vec<_> = shown.permissions.iter().map(|p| (p.name.as_str(), p.needed)).collect();
        assert_eq!(permissions, [("Mail.Send", true), ("User.Read", false)]);
        assert_eq!(shown.access_token_valid_until, Some(Timestamp::from_millis(5000)));
        assert_eq!(at(5000).access_token_valid_until, None);
        assert!(!serde_json::to_string(&shown).unwrap().contains("sealed"));
    }

    /// What this version stores; later versions must still read it.
    #[test]
    fn a_record_of_version_1_is_read_forever() {
        let stored = r#"{"tenant_id":"t","object_id":"o","account":{"address":"a@b.nl"},
            "scopes":["openid","https://graph.microsoft.com/Mail.Send","User.Read"],
            "authenticated_at":"1970-01-01T00:00:00.000Z","renewed_at":"1970-01-01T00:00:01.000Z","number":1,
            "refresh":{"number":1,"sealed":"sealed"},"access":[{"resource":"graph",
            "issued_at":"1970-01-01T00:00:01.000Z","valid_until":"1970-01-01T00:00:05.000Z",
            "token":{"number":1,"sealed":"sealed"}}]}"#;
        assert_eq!(serde_json::from_str::<Authentication>(stored).unwrap(), authentication());
        let trouble = r#"{"code":"sign_in_again","detail":"d","since":"1970-01-01T00:00:00.000Z",
            "tried_at":"1970-01-01T00:00:00.000Z"}"#;
        assert!(serde_json::from_str::<Trouble>(trouble).unwrap().ends_the_tokens());
    }
}
