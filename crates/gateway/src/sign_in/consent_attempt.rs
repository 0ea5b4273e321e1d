use api::{
    AttemptId, Code, Digest, FinishConsent, Kind, MailboxSettings, Problem, RefusedConsent, Timestamp,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use microsoft::{Sending, read_refused_consent};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::sealing::sha256;

/// A consent attempt ends by itself after this, in seconds: as long as Entra's code lives.
pub const ATTEMPT_SECONDS: u32 = 600;

/// One try to authenticate, as the Mailbox object keeps it while the browser is at Microsoft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentAttempt {
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

impl ConsentAttempt {
    /// How the mailbox was to send when it began.
    #[must_use]
    pub fn sending(&self) -> Sending {
        Sending { kind: self.kind, shared: self.shared }
    }

    /// Until when a person may confirm what it led to; then its tokens are deleted.
    #[must_use]
    pub fn confirmation_ends_at(&self) -> Timestamp {
        self.begun_at.plus_seconds(2 * i64::from(ATTEMPT_SECONDS))
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
pub fn verify_return(attempt: &ConsentAttempt, back: CameBack<'_>) -> Result<CheckedReturn, Problem> {
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
    attempt: &ConsentAttempt,
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

fn verify_session(attempt: &ConsentAttempt, session: &Digest, now: Timestamp) -> Result<(), Problem> {
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

/// Whether a confirmation still holds when the person has answered: the sign-in waited no longer than an attempt may.
#[must_use]
pub fn kept_confirmation(attempt: &ConsentAttempt, session: &Digest, now: Timestamp) -> bool {
    attempt.session == *session && now <= attempt.confirmation_ends_at()
}

pub(crate) fn is_hash_of(hash: &Digest, value: &str) -> bool {
    let actual = URL_SAFE_NO_PAD.encode(sha256(value.as_bytes()));
    actual.as_bytes().ct_eq(hash.0.as_bytes()).into()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_459_200_000);

    fn hash(value: &str) -> Digest {
        Digest(URL_SAFE_NO_PAD.encode(sha256(value.as_bytes())))
    }

    pub(crate) fn attempt() -> ConsentAttempt {
        ConsentAttempt {
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
}
