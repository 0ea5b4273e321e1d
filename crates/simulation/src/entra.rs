//! Entra's token endpoint.

use api::{Code, Timestamp};
use gateway::tokens::{AccessRecord, NewTokens, Renewal, SealedText, SealedToken};
use microsoft::{Decision, Refusal, Verdict};

use crate::plan::{HOUR, SECOND};
use crate::random::Random;

/// What Entra is like for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntraMood {
    /// It renews.
    Fine,
    /// It renews, and needs longer than a renewal may take.
    Slow,
    /// `503`.
    Unavailable,
    /// It renews, and its answer gets lost.
    LosesAnswers,
    /// `invalid_grant`: somebody must sign in.
    EndsGrant,
    /// The same, after half a minute.
    EndsGrantLate,
    /// An administrator must do something.
    AsksAdministrator,
    /// The app registration's secret has ended.
    RefusesSecret,
}

impl EntraMood {
    pub(crate) fn any(random: &mut Random) -> Self {
        random.weighted(&[
            (3, Self::Slow),
            (3, Self::Unavailable),
            (3, Self::LosesAnswers),
            (2, Self::EndsGrant),
            (1, Self::EndsGrantLate),
            (2, Self::AsksAdministrator),
            (2, Self::RefusesSecret),
        ])
    }
}

/// The tokens that a sign-in or renewal with that number brings.
pub(crate) fn tokens(renewal: &Renewal, now: Timestamp, random: &mut Random) -> NewTokens {
    let number = renewal.number;
    NewTokens {
        refresh: random.percent(90).then(|| sealed(number, "refresh")),
        access: AccessRecord {
            resource: renewal.resource,
            issued_at: now,
            valid_until: now.plus_millis(random.pick(&[HOUR, HOUR + HOUR / 2, HOUR / 6])),
            token: sealed(number, "access"),
        },
        issued_at: now,
    }
}

pub(crate) fn sealed(number: u64, what: &str) -> SealedToken {
    SealedToken { number, sealed: SealedText(format!("{what}-{number}")) }
}

/// What becomes of a renewal, and after how long.
pub(crate) fn renew(
    mood: EntraMood,
    renewal: &Renewal,
    now: Timestamp,
    random: &mut Random,
) -> (Result<NewTokens, Refusal>, i64) {
    let quick = random.between(80, 2 * SECOND);
    let refusal_of = |code, decision| {
        let verdict = Some(Verdict { decision, reason: None, claims: None });
        (Err(Refusal { verdict, ..Refusal::new(code, format!("Entra says {decision:?}")) }), quick)
    };
    match mood {
        EntraMood::Fine => (Ok(tokens(renewal, now, random)), quick),
        EntraMood::Slow => {
            let after_ms = random.between(5 * SECOND, 45 * SECOND);
            (Ok(tokens(renewal, now.plus_millis(after_ms), random)), after_ms)
        }
        EntraMood::Unavailable => refusal_of(Code::MicrosoftUnavailable, Decision::Retry),
        EntraMood::LosesAnswers => {
            (Err(Refusal::new(Code::MicrosoftUnavailable, "no answer from Entra")), 30 * SECOND)
        }
        EntraMood::EndsGrant => refusal_of(Code::SignInAgain, Decision::SignInAgain),
        EntraMood::EndsGrantLate => {
            let (refused, _) = refusal_of(Code::SignInAgain, Decision::SignInAgain);
            (refused, random.between(15 * SECOND, 34 * SECOND))
        }
        EntraMood::AsksAdministrator => refusal_of(Code::AdministratorNeeded, Decision::AskAdministrator),
        EntraMood::RefusesSecret => refusal_of(Code::RegistrationBroken, Decision::RenewCredential),
    }
}
