//! The transitions of a consent attempt: begun → redeeming → (confirm →) connected, or refused.

use api::{
    AttemptId, Code, ConfirmReason, ConsentOutcome, Digest, FinishConsent, Problem, RefusedConsent, Timestamp,
};

use super::{
    CameBack, CheckedReturn, Confirmation, ConsentAttempt, ConsentRecord, Progress, RefusedReturn,
    judge_refusal, kept_confirmation, verify_return,
};
use crate::store::Store;
use crate::tokens::Authentication;

/// An attempt is remembered this long, in milliseconds, so that a late second post still learns its outcome.
const REMEMBERED_MS: i64 = 24 * 3_600_000;

/// A code to redeem.
#[derive(Clone, Debug)]
pub struct Redemption {
    /// The attempt that it belongs to.
    pub attempt: ConsentAttempt,
    /// Proof that it does.
    pub checked: CheckedReturn,
    /// The authentication that the new one would replace.
    pub before: Option<Authentication>,
}

/// A redeemed code, judged and sealed.
#[derive(Clone, Debug)]
pub struct Redeemed {
    /// What it leads to.
    pub authentication: Authentication,
    /// What a person must agree to first.
    pub confirm: Vec<ConfirmReason>,
    /// The mailbox's epoch when its tokens were sealed.
    pub epoch: u64,
}

/// What a confirmation changes.
#[derive(Clone, Debug)]
pub enum Answered {
    /// The authentication is taken over.
    Connect(Box<Authentication>),
    /// It was taken over before.
    Connected,
    /// The person said no; nothing changes.
    Declined,
    /// The confirmation came too late, and the tokens are gone.
    TooLate(Problem),
}

/// Keeps an attempt that begins.
pub fn begin(store: &Store, attempt: ConsentAttempt, now: Timestamp) -> Result<(), Problem> {
    store.consent_attempts().delete_before(now.plus_millis(-REMEMBERED_MS))?;
    store.consent_attempts().put(&ConsentRecord { attempt, progress: Progress::Begun })
}

/// Starts redeeming, once: a repeated post gets the outcome of the first. The attempt is marked *redeeming* before Entra is
/// asked, so that a code is never redeemed twice.
pub fn start_redeeming(
    store: &Store,
    id: AttemptId,
    session: &Digest,
    finish: &FinishConsent,
    now: Timestamp,
) -> Result<Result<Redemption, Option<ConsentOutcome>>, Problem> {
    let mut record = attempt_of(store, id, session)?;
    match record.progress {
        Progress::Begun => {}
        Progress::Connected => return Ok(Err(None)),
        Progress::Confirm(outcome, _) => return Ok(Err(Some((*outcome).into()))),
        Progress::Refused(problem) => return Err(*problem),
        Progress::Redeeming => {
            return Err(attempt_ended("it was cut off while the code was being redeemed"));
        }
    }
    let mailbox = store.records().mailbox()?;
    let back = CameBack { answer: finish, session, settings: &mailbox.settings, now };
    let checked = verify_return(&record.attempt, back)?;
    let attempt = record.attempt.clone();
    record.progress = Progress::Redeeming;
    store.consent_attempts().put(&record)?;
    Ok(Ok(Redemption { attempt, checked, before: store.records().authentication()? }))
}

/// Keeps what redeeming led to. The authentication to connect now, if nobody has to confirm it.
pub fn conclude(
    store: &Store,
    id: AttemptId,
    redeemed: Result<Redeemed, Problem>,
) -> Result<Result<Option<ConsentOutcome>, Problem>, Problem> {
    let replaced =
        || attempt_ended("the authentication was removed or replaced while this sign-in was being redeemed");
    if store.consent_attempts().get(id)?.is_none() {
        // Removed meanwhile, together with everything that this sign-in could have led to.
        return Ok(Err(replaced()));
    }
    let outcome = redeemed.and_then(|redeemed| {
        if store.records().mailbox()?.epoch == redeemed.epoch { Ok(redeemed) } else { Err(replaced()) }
    });
    let (progress, outcome) = match outcome {
        Ok(redeemed) if redeemed.confirm.is_empty() => (Progress::Connected, Ok(None)),
        Ok(Redeemed { authentication, confirm, .. }) => {
            let outcome = Confirmation::new(&authentication, confirm);
            let progress = Progress::Confirm(Box::new(outcome.clone()), Box::new(authentication));
            (progress, Ok(Some(outcome.into())))
        }
        Err(problem) => (Progress::Refused(Box::new(problem.clone())), Err(problem)),
    };
    keep(store, id, progress)?;
    Ok(outcome)
}

/// Takes the person's answer to a confirmation.
pub fn answer(
    store: &Store,
    id: AttemptId,
    session: &Digest,
    confirmed: bool,
    now: Timestamp,
) -> Result<Answered, Problem> {
    let record = attempt_of(store, id, session)?;
    let authentication = match record.progress {
        Progress::Confirm(_, authentication) => authentication,
        Progress::Connected => return Ok(Answered::Connected),
        Progress::Refused(problem) => return Err(*problem),
        // Cancelled at Microsoft, or here while waiting.
        Progress::Begun if !confirmed => {
            keep(store, id, Progress::Refused(Box::new(attempt_ended("it was cancelled"))))?;
            return Ok(Answered::Declined);
        }
        Progress::Begun | Progress::Redeeming => return Err(attempt_ended("there is nothing to confirm")),
    };
    if confirmed && kept_confirmation(&record.attempt, session, now) {
        keep(store, id, Progress::Connected)?;
        return Ok(Answered::Connect(authentication));
    }
    let detail = if confirmed { "the confirmation came too late" } else { "it was not confirmed" };
    let problem = attempt_ended(detail);
    keep(store, id, Progress::Refused(Box::new(problem.clone())))?;
    Ok(if confirmed { Answered::TooLate(problem) } else { Answered::Declined })
}

/// Ends an attempt with the error that came back; an error that does not belong to it changes nothing.
pub fn refuse(
    store: &Store,
    id: AttemptId,
    session: &Digest,
    refused: &RefusedConsent,
    now: Timestamp,
) -> Result<Problem, Problem> {
    let record = attempt_of(store, id, session)?;
    match record.progress {
        Progress::Begun => {}
        // A repeated post of the same error gets the first answer.
        Progress::Refused(problem) => return Ok(*problem),
        _ => return Err(attempt_ended("it is past the page at Microsoft")),
    }
    match judge_refusal(&record.attempt, refused, session, now) {
        RefusedReturn::NotOurs(problem) => Err(problem),
        RefusedReturn::Ends(problem) => {
            keep(store, id, Progress::Refused(Box::new(problem.clone())))?;
            Ok(problem)
        }
    }
}

/// The tenant of a sign-in that waits for its confirmation, as long as that still holds: what may be pinned.
pub fn tenant_to_confirm(
    store: &Store,
    id: AttemptId,
    session: &Digest,
    now: Timestamp,
) -> Result<String, Problem> {
    let record = attempt_of(store, id, session)?;
    match record.progress {
        Progress::Confirm(_, authentication) if kept_confirmation(&record.attempt, session, now) => {
            Ok(authentication.tenant_id)
        }
        Progress::Confirm(..) => Err(attempt_ended("the confirmation came too late")),
        _ => Err(attempt_ended("there is nothing to confirm")),
    }
}

/// Deletes the tokens of sign-ins that nobody confirmed in time. When the next ones are to be deleted.
pub fn drop_unconfirmed(store: &Store, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
    let mut next = None;
    for mut record in store.consent_attempts().unconfirmed()? {
        let ends_at = record.attempt.confirmation_ends_at();
        if now > ends_at {
            let problem = attempt_ended("the confirmation came too late");
            record.progress = Progress::Refused(Box::new(problem));
            store.consent_attempts().put(&record)?;
        } else {
            next = Some(next.map_or(ends_at, |next: Timestamp| next.min(ends_at)));
        }
    }
    Ok(next.map(|at| at.plus_millis(1)))
}

/// The attempt with that id, if that session began it.
pub fn attempt_of(store: &Store, id: AttemptId, session: &Digest) -> Result<ConsentRecord, Problem> {
    let found = store.consent_attempts().get(id)?.filter(|record| record.attempt.session == *session);
    found.ok_or_else(|| attempt_ended("it was begun in another session, or the mailbox was changed since"))
}

fn keep(store: &Store, id: AttemptId, progress: Progress) -> Result<(), Problem> {
    match store.consent_attempts().get(id)? {
        Some(mut record) => {
            record.progress = progress;
            store.consent_attempts().put(&record)
        }
        // Removed meanwhile, together with everything that this sign-in could have led to.
        None => Ok(()),
    }
}

/// The attempt is of no use any more.
#[must_use]
pub fn attempt_ended(detail: &str) -> Problem {
    Problem::new(Code::ConsentAttemptEnded, detail)
}
