use api::{
    Account, AttemptId, Code, ConfirmReason, Digest, FinishConsent, Kind, MailboxSettings, Problem,
    RefusedConsent, Timestamp,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mail::EmailAddress;
use microsoft::{
    Endpoints, Identity, Profile, Sending, Tokens, missing, permission_name, read_refused_consent,
};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::{Authentication, sha256};

/// A consent attempt ends by itself after this, in seconds: as long as Entra's code lives.
pub const ATTEMPT_SECONDS: u32 = 600;

/// One try to authenticate, as the Mailbox object keeps it while the browser is at Microsoft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// SHA-256 of the session that began it, as the session's stored hash in base64url.
    pub session: Digest,
    /// What the mailbox was set to when it began.
    pub kind: Kind,
    /// Whether somebody else than the mailbox itself signs in.
    #[serde(default)]
    pub shared: bool,
    /// The address it was for.
    pub address: String,
    /// The tenant in the authorization URL; the code is redeemed at the same.
    pub tenant: String,
    /// The app registration in the authorization URL; the code is redeemed by the same.
    #[serde(default)]
    pub client_id: String,
    /// PKCE challenge.
    pub challenge: Digest,
    /// SHA-256 of `state`.
    pub state_hash: Digest,
    /// SHA-256 of `nonce`.
    pub nonce_hash: Digest,
    /// When it began.
    pub begun_at: Timestamp,
}

impl Attempt {
    /// How the mailbox was to send when it began.
    #[must_use]
    pub fn sending(&self) -> Sending {
        Sending { kind: self.kind, shared: self.shared }
    }
}

/// What a browser brings back.
#[derive(Clone, Copy, Debug)]
pub struct CameBack<'a> {
    /// The posted answer.
    pub answer: &'a FinishConsent,
    /// The session that posts it.
    pub session: &'a Digest,
    /// The mailbox as it is now.
    pub settings: &'a MailboxSettings,
    /// Now.
    pub now: Timestamp,
}

/// Proof that an answer belongs to an attempt; the code may be redeemed.
#[derive(Clone, Copy, Debug)]
pub struct CheckedReturn(());

/// Checks, before a code is redeemed, that what came back belongs to that attempt.
pub fn verify_return(attempt: &Attempt, back: CameBack<'_>) -> Result<CheckedReturn, Problem> {
    verify_session(attempt, back.session, back.now)?;
    if attempt.sending() != Sending::from(back.settings) || attempt.address != back.settings.address {
        let detail = "the mailbox's address or kind was changed while the sign-in was under way";
        return Err(Problem::new(Code::ConsentAttemptEnded, detail));
    }
    for (name, value, hash) in [
        ("state", &back.answer.state, &attempt.state_hash),
        ("nonce", &back.answer.nonce, &attempt.nonce_hash),
        // RFC 7636 section 4.2: an S256 challenge is the verifier's SHA-256.
        ("verifier", &back.answer.verifier, &attempt.challenge),
    ] {
        verify_hash(name, value, hash)?;
    }
    Ok(CheckedReturn(()))
}

/// What to tell the person whom Microsoft sent back with an error; whether it belongs to that attempt is checked first.
#[must_use]
pub fn judge_refusal(
    attempt: &Attempt,
    refused: &RefusedConsent,
    session: &Digest,
    now: Timestamp,
) -> RefusedReturn {
    let checked = verify_session(attempt, session, now)
        .and_then(|()| verify_hash("state", &refused.state, &attempt.state_hash));
    match checked {
        Ok(()) => RefusedReturn::Ends(read_refused_consent(refused).problem()),
        Err(problem) => RefusedReturn::NotOurs(problem),
    }
}

/// What an error that came back does to its attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefusedReturn {
    /// It ends the attempt, and this is what to say.
    Ends(Problem),
    /// It does not belong to the attempt, which goes on.
    NotOurs(Problem),
}

fn verify_session(attempt: &Attempt, session: &Digest, now: Timestamp) -> Result<(), Problem> {
    if attempt.session == *session && now.since(attempt.begun_at) <= i64::from(ATTEMPT_SECONDS) * 1000 {
        return Ok(());
    }
    let detail = "it was begun in another session, or more than ten minutes ago";
    Err(Problem::new(Code::ConsentAttemptEnded, detail))
}

fn verify_hash(name: &str, value: &str, hash: &Digest) -> Result<(), Problem> {
    if is_hash_of(hash, value) {
        return Ok(());
    }
    let detail = format!("its {name} is not the one that this sign-in began with");
    Err(Problem::new(Code::ConsentMismatch, detail).with_param("what", &name))
}

/// What the provider said about who signed in, and what we knew.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn<'a> {
    /// From the id_token, its audience, issuer and time checked.
    pub identity: &'a Identity,
    /// From `GET /me`.
    pub profile: &'a Profile,
    /// The token answer.
    pub tokens: &'a Tokens,
    /// The tenant that the organisation is tied to, if it is.
    pub organisation_tenant: Option<&'a str>,
    /// The authentication that this one would replace.
    pub before: Option<&'a Authentication>,
}

/// A sign-in that is in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Who signed in, for display.
    pub account: Account,
    /// What a person must agree to first; empty when nothing.
    pub confirm: Vec<ConfirmReason>,
    /// Whether somebody else than the mailbox itself signed in, so that a mail must prove that they may send as it.
    pub to_prove: bool,
}

/// Judges a redeemed sign-in: identity, tenant, address and permissions. Nothing is stored when this refuses.
pub fn judge(attempt: &Attempt, signed_in: SignedIn<'_>, endpoints: &Endpoints) -> Result<Judged, Problem> {
    let SignedIn { identity, profile, tokens, organisation_tenant, before } = signed_in;
    if !identity.nonce.as_deref().is_some_and(|nonce| is_hash_of(&attempt.nonce_hash, nonce)) {
        let detail = "the nonce in Microsoft's answer is not the one that this sign-in began with";
        return Err(Problem::new(Code::ConsentMismatch, detail).with_param("what", &"nonce"));
    }
    if profile.id != identity.object_id {
        let detail = "the id_token and the account behind the access token differ";
        return Err(Problem::new(Code::ConsentMismatch, detail).with_param("what", &"account"));
    }
    let shown = profile.addresses().next().or(identity.user_name.as_deref()).unwrap_or_default().to_owned();
    let account =
        Account { name: profile.display_name.clone().or_else(|| identity.name.clone()), address: shown };
    let named = |code, detail: String| {
        Problem::new(code, detail)
            .with_param("account", &account.address)
            .with_param("mailbox", &attempt.address)
    };
    if identity.is_personal() {
        return Err(named(Code::PersonalAccount, format!("{} is a personal account", account.address)));
    }
    if profile.is_guest() {
        let detail = format!("{} is a guest in the Microsoft tenant {}", account.address, identity.tenant_id);
        return Err(named(Code::GuestAccount, detail));
    }
    if organisation_tenant.is_some_and(|tenant| !tenant.eq_ignore_ascii_case(&identity.tenant_id)) {
        let detail = format!("{} belongs to the Microsoft tenant {}", account.address, identity.tenant_id);
        return Err(named(Code::WrongTenant, detail));
    }
    let is_mailbox = |address: &EmailAddress| profile.addresses().any(|one| address.names_same_mailbox(one));
    let signed_in_itself = attempt.address.parse().is_ok_and(|address: EmailAddress| is_mailbox(&address));
    if !signed_in_itself && !attempt.shared {
        let detail = format!("{} signed in, but this mailbox is {}", account.address, attempt.address);
        return Err(named(Code::WrongAccount, detail));
    }
    let missing = missing(attempt.sending(), &tokens.scopes, endpoints);
    if !missing.is_empty() || tokens.refresh.is_none() {
        let lacking: Vec<_> = missing.iter().map(|scope| permission_name(scope)).collect();
        let list = if lacking.is_empty() { "offline_access".to_owned() } else { lacking.join(", ") };
        let detail = format!("Microsoft did not grant {list}");
        return Err(Problem::new(Code::PermissionMissing, detail).with_param("permissions", &list));
    }
    let mut confirm = Vec::new();
    if organisation_tenant.is_none() {
        confirm.push(ConfirmReason::PinTenant);
    }
    if let Some(before) = before.filter(|before| before.object_id != identity.object_id) {
        confirm.push(ConfirmReason::AnotherAccount { before: before.account.clone() });
    }
    Ok(Judged { account, confirm, to_prove: !signed_in_itself })
}

/// Whether a confirmation still holds when the person has answered: the sign-in waited no longer than an attempt may.
#[must_use]
pub fn kept_confirmation(attempt: &Attempt, session: &Digest, now: Timestamp) -> bool {
    attempt.session == *session && now.since(attempt.begun_at) <= 2 * i64::from(ATTEMPT_SECONDS) * 1000
}

fn is_hash_of(hash: &Digest, value: &str) -> bool {
    let actual = URL_SAFE_NO_PAD.encode(sha256(value.as_bytes()));
    actual.as_bytes().ct_eq(hash.0.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use microsoft::{AccessToken, RefreshToken, read_me};

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_459_200_000);

    fn hash(value: &str) -> Digest {
        Digest(URL_SAFE_NO_PAD.encode(sha256(value.as_bytes())))
    }

    fn attempt() -> Attempt {
        Attempt {
            id: AttemptId::new(NOW, [0; 10]),
            session: hash("session"),
            kind: Kind::GraphOAuth2,
            shared: false,
            address: "facturen@b.nl".into(),
            tenant: "organizations".into(),
            client_id: "app".into(),
            challenge: hash("verifier"),
            state_hash: hash("state"),
            nonce_hash: hash("nonce"),
            begun_at: NOW,
        }
    }

    fn came_back(
        change: impl Fn(&mut FinishConsent, &mut MailboxSettings, &mut Digest),
        later_ms: i64,
    ) -> Option<Code> {
        let mut answer = FinishConsent {
            state: "state".into(),
            nonce: "nonce".into(),
            verifier: "verifier".into(),
            code: "code".into(),
        };
        let (mut settings, mut session) = (MailboxSettings::new("facturen@b.nl"), hash("session"));
        change(&mut answer, &mut settings, &mut session);
        let now = NOW.plus_millis(later_ms);
        let back = CameBack { answer: &answer, session: &session, settings: &settings, now };
        verify_return(&attempt(), back).err().map(|problem| problem.code)
    }

    #[test]
    fn only_its_own_answer_finishes_an_attempt() {
        use Code::{ConsentAttemptEnded, ConsentMismatch};
        assert_eq!(came_back(|_, _, _| {}, 600_000), None);
        assert_eq!(came_back(|_, _, _| {}, 600_001), Some(ConsentAttemptEnded));
        assert_eq!(came_back(|_, _, session| *session = hash("x"), 0), Some(ConsentAttemptEnded));
        assert_eq!(
            came_back(|_, settings, _| settings.address = "x@b.nl".into(), 0),
            Some(ConsentAttemptEnded)
        );
        assert_eq!(
            came_back(|_, settings, _| settings.kind = Kind::SmtpOAuth2, 0),
            Some(ConsentAttemptEnded)
        );
        assert_eq!(came_back(|_, settings, _| settings.shared = true, 0), Some(ConsentAttemptEnded));
        assert_eq!(came_back(|answer, _, _| answer.state = "x".into(), 0), Some(ConsentMismatch));
        assert_eq!(came_back(|answer, _, _| answer.nonce = "x".into(), 0), Some(ConsentMismatch));
        assert_eq!(came_back(|answer, _, _| answer.verifier = "x".into(), 0), Some(ConsentMismatch));
    }

    #[test]
    fn only_its_own_refusal_ends_an_attempt() {
        let refused = |state: &str, session: &str, later_ms| {
            let refused = RefusedConsent {
                state: state.into(),
                error: "access_denied".into(),
                error_subcode: Some("cancel".into()),
                error_description: None,
            };
            judge_refusal(&attempt(), &refused, &hash(session), NOW.plus_millis(later_ms))
        };
        assert!(
            matches!(refused("state", "session", 0), RefusedReturn::Ends(problem) if problem.code == Code::ConsentNotGiven)
        );
        assert!(matches!(refused("x", "session", 0), RefusedReturn::NotOurs(_)));
        assert!(matches!(refused("state", "x", 0), RefusedReturn::NotOurs(_)));
        assert!(matches!(refused("state", "session", 600_001), RefusedReturn::NotOurs(_)));
    }

    struct Case {
        shared: bool,
        identity: Identity,
        profile: serde_json::Value,
        tokens: Tokens,
        tenant: Option<&'static str>,
        before: Option<Authentication>,
    }

    fn judged(change: impl Fn(&mut Case)) -> Result<Vec<ConfirmReason>, Code> {
        judged_fully(change).map(|judged| judged.confirm)
    }

    fn judged_fully(change: impl Fn(&mut Case)) -> Result<Judged, Code> {
        let mut case = Case {
            shared: false,
            identity: Identity {
                tenant_id: "t-1".into(),
                object_id: "o-1".into(),
                name: None,
                user_name: None,
                nonce: Some("nonce".into()),
            },
            profile: serde_json::json!({"id": "o-1", "mail": "Facturen@B.nl", "proxyAddresses": ["smtp:alias@b.nl"]}),
            tokens: Tokens {
                access: AccessToken::new("a".into()),
                expires_in_seconds: 3600,
                refresh: Some(RefreshToken::new("r".into())),
                scopes: vec!["https://graph.microsoft.com/Mail.Send".into()],
                id_token: None,
            },
            tenant: Some("T-1"),
            before: None,
        };
        change(&mut case);
        let profile = read_me(&microsoft::HttpResponse::new(case.profile.to_string().into_bytes())).unwrap();
        let signed_in = SignedIn {
            identity: &case.identity,
            profile: &profile,
            tokens: &case.tokens,
            organisation_tenant: case.tenant,
            before: case.before.as_ref(),
        };
        let endpoints =
            Endpoints::new("https://login.microsoftonline.com", "https://graph.microsoft.com").unwrap();
        let attempt = Attempt { shared: case.shared, ..attempt() };
        judge(&attempt, signed_in, &endpoints).map_err(|problem| problem.code)
    }

    #[test]
    fn the_mailbox_itself_signs_in() {
        assert_eq!(judged(|_| {}), Ok(vec![]));
        assert_eq!(
            judged(|case| case.profile["mail"] = "x@b.onmicrosoft.com".into()),
            Err(Code::WrongAccount)
        );
        assert_eq!(
            judged(|case| {
                case.profile["mail"] = "anna@b.nl".into();
                case.profile["proxyAddresses"] = serde_json::json!(["smtp:FACTUREN@b.nl"]);
            }),
            Ok(vec![])
        );
    }

    #[test]
    fn everybody_else_is_refused_by_name() {
        assert_eq!(judged(|case| case.profile["mail"] = "anna@b.nl".into()), Err(Code::WrongAccount));
        assert_eq!(judged(|case| case.tenant = Some("t-2")), Err(Code::WrongTenant));
        assert_eq!(
            judged(|case| case.identity.tenant_id = "9188040d-6c67-4c5b-b112-36a304b66dad".into()),
            Err(Code::PersonalAccount)
        );
        assert_eq!(judged(|case| case.identity.nonce = Some("x".into())), Err(Code::ConsentMismatch));
        assert_eq!(judged(|case| case.identity.nonce = None), Err(Code::ConsentMismatch));
        assert_eq!(judged(|case| case.identity.object_id = "o-2".into()), Err(Code::ConsentMismatch));
    }

    #[test]
    fn a_guest_has_its_mailbox_elsewhere() {
        let guest = |case: &mut Case| {
            case.profile["userPrincipalName"] = "facturen_b.nl#EXT#@c.onmicrosoft.com".into();
        };
        assert_eq!(judged(guest), Err(Code::GuestAccount));
    }

    #[test]
    fn somebody_else_signs_a_shared_mailbox_in_and_has_to_prove_it() {
        let colleague = |case: &mut Case| {
            case.shared = true;
            case.profile["mail"] = "anna@b.nl".into();
            case.profile["proxyAddresses"] = serde_json::json!([]);
            case.tokens.scopes = vec!["Mail.Send".into(), "Mail.Send.Shared".into()];
        };
        assert!(judged_fully(colleague).unwrap().to_prove);
        assert!(!judged_fully(|case| case.tenant = Some("T-1")).unwrap().to_prove);
        let without = |case: &mut Case| {
            colleague(case);
            case.tokens.scopes = vec!["Mail.Send".into()];
        };
        assert_eq!(judged(without), Err(Code::PermissionMissing));
        let foreign = |case: &mut Case| {
            colleague(case);
            case.tenant = Some("t-2");
        };
        assert_eq!(judged(foreign), Err(Code::WrongTenant));
    }

    #[test]
    fn connected_needs_the_permission_and_a_refresh_token() {
        assert_eq!(
            judged(|case| case.tokens.scopes = vec!["User.Read".into()]),
            Err(Code::PermissionMissing)
        );
        assert_eq!(judged(|case| case.tokens.refresh = None), Err(Code::PermissionMissing));
    }

    #[test]
    fn a_first_tenant_is_confirmed() {
        assert_eq!(judged(|case| case.tenant = None), Ok(vec![ConfirmReason::PinTenant]));
    }
}
