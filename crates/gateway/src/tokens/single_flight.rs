//! Renewal of a mailbox's tokens: single-flight, numbered, and void once the sign-in was replaced.

use api::{Code, Problem, Reason, Timestamp};
use microsoft::{Decision, Refusal, Resource, Verdict};

use super::{AccessRecord, Authentication, Pause, SealedToken, Trouble, access_token_usable};
use crate::mailbox::{Context, Effect, MailboxRecord};
use crate::store::Store;

/// A renewal that takes longer has been lost, in milliseconds: two token requests, for the newest refresh token and the
/// one before. The next caller starts another.
pub const FLIGHT_MS_MAX: i64 = 35_000;

/// Single-flight renewal: concurrent callers share one token request; a caller that is dropped does not cancel it.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    flight: Option<Flight>,
    /// Generation counter: a renewal that timed out must not end the flight of its successor.
    generation: u64,
}

#[derive(Clone, Debug)]
struct Flight {
    generation: u64,
    started_at: Timestamp,
    resource: Resource,
    epoch: u64,
    number: u64,
}

/// A token request to make.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// Names it when its result comes back.
    pub generation: u64,
    /// The number that new tokens are sealed with; never used twice.
    pub number: u64,
    /// What the access token is for.
    pub resource: Resource,
    /// The mailbox.
    pub mailbox: MailboxRecord,
    /// The authentication with the tokens of before.
    pub before: Authentication,
}

/// New tokens, sealed with the number of their renewal.
#[derive(Clone, Debug)]
pub struct NewTokens {
    /// The refresh token, when Entra issued a new one.
    pub refresh: Option<SealedToken>,
    /// The access token.
    pub access: AccessRecord,
    /// When they were issued.
    pub issued_at: Timestamp,
}

/// What a renewal led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// The tokens are new, and nothing was in the way before.
    Renewed,
    /// The tokens are new, and something that was in the way is gone, or may be.
    Recovered,
    /// The sign-in was removed or replaced meanwhile; the tokens were discarded.
    Void,
}

impl Tokens {
    /// The number of a stored access token that a message may start with, if there is one. `refused` is the number of a
    /// token that Microsoft did not take.
    pub(crate) fn usable(
        authentication: &Authentication,
        resource: Resource,
        refused: Option<u64>,
        now: Timestamp,
    ) -> Option<u64> {
        let access = authentication.access_to(resource)?;
        let usable = access_token_usable(access.issued_at, access.valid_until, now);
        (usable && Some(access.token.number) != refused).then_some(access.token.number)
    }

    /// Joins the renewal under way, or starts one. Its generation, or why none may be made now.
    pub(crate) fn request(
        &mut self,
        store: &Store,
        resource: Resource,
        context: &Context<'_>,
        effects: &mut Vec<Effect>,
    ) -> Result<Result<u64, Refusal>, Problem> {
        if let Some(flight) = self.flight.as_ref().filter(|flight| is_alive(flight, context.now)) {
            return Ok(Ok(flight.generation));
        }
        let Some(before) = store.records().authentication()? else { return Ok(Err(not_signed_in())) };
        if let Some(refusal) = before.pause.as_ref().and_then(|pause| pause.refusal(context.now)) {
            return Ok(Err(refusal));
        }
        let mut mailbox = store.records().mailbox()?;
        mailbox.number += 1;
        store.records().set_mailbox(&mailbox)?;
        self.generation += 1;
        let (generation, number) = (self.generation, mailbox.number);
        let started_at = context.now;
        self.flight = Some(Flight { generation, started_at, resource, epoch: mailbox.epoch, number });
        effects.push(Effect::Renew(Box::new(Renewal { generation, number, resource, mailbox, before })));
        Ok(Ok(generation))
    }

    /// Takes over what a renewal brought. Its flight ends, unless it was given up before.
    pub(crate) fn finished(
        &mut self,
        store: &Store,
        generation: u64,
        outcome: Result<NewTokens, Refusal>,
        context: &Context<'_>,
    ) -> Result<Result<Renewed, Refusal>, Problem> {
        let Some(flight) = self.flight.take_if(|flight| flight.generation == generation) else {
            return Ok(Ok(Renewed::Void));
        };
        let is_void = store.records().mailbox()?.epoch != flight.epoch;
        let Some(mut authentication) = store.records().authentication()?.filter(|_| !is_void) else {
            return Ok(Ok(Renewed::Void));
        };
        let new = match outcome {
            Ok(new) if authentication.number < flight.number => new,
            Ok(_) => return Ok(Ok(Renewed::Void)),
            Err(refusal) => {
                note_failure(&mut authentication, &refusal, false, context);
                store.records().set_authentication(&authentication)?;
                return Ok(Err(refusal));
            }
        };
        authentication.number = flight.number;
        if let Some(refresh) = new.refresh {
            authentication.previous = Some(std::mem::replace(&mut authentication.refresh, refresh));
        }
        authentication.access.retain(|record| record.resource != flight.resource);
        authentication.access.push(new.access);
        authentication.renewed_at = new.issued_at;
        authentication.pause = None;
        let recovered = authentication.trouble.is_some();
        match &mut authentication.trouble {
            // A message met it, so that a message must show that it is gone; the next look comes in an hour.
            Some(trouble) if trouble.met_at_hand_over => trouble.tried_at = context.now,
            _ => authentication.trouble = None,
        }
        store.records().set_authentication(&authentication)?;
        super::follow(store, &authentication, false, context)?;
        Ok(Ok(if recovered { Renewed::Recovered } else { Renewed::Renewed }))
    }

    /// The resource and generation of the renewal under way.
    #[must_use]
    pub fn under_way(&self, now: Timestamp) -> Option<u64> {
        self.flight.as_ref().filter(|flight| is_alive(flight, now)).map(|flight| flight.generation)
    }

    /// Gives a renewal up that never came back.
    pub(crate) fn give_up_lost(&mut self, now: Timestamp) {
        self.flight.take_if(|flight| !is_alive(flight, now));
    }
}

fn is_alive(flight: &Flight, now: Timestamp) -> bool {
    (-FLIGHT_MS_MAX..FLIGHT_MS_MAX).contains(&now.since(flight.started_at))
}

/// Keeps why tokens can't be renewed or used: a pause when it passes, else what a person must do. The tokens stay.
pub(crate) fn note_failure(
    authentication: &mut Authentication,
    refusal: &Refusal,
    met_at_hand_over: bool,
    context: &Context<'_>,
) {
    let now = context.now;
    if refusal.code.retryable() {
        let pause = Pause::after(refusal, authentication.pause.as_ref(), now, context.jitter());
        authentication.pause = Some(pause);
    } else {
        let trouble = Trouble::after(refusal, authentication.trouble.as_ref(), now);
        authentication.pause = None;
        authentication.trouble = Some(Trouble { met_at_hand_over, ..trouble });
    }
}

/// Microsoft refused a token that was just issued: the tokens are of no use any more.
#[must_use]
pub fn fresh_token_refused(refusal: &Refusal) -> Refusal {
    let reason = Some(Reason::FreshTokenRefused);
    Refusal {
        verdict: Some(Verdict { decision: Decision::SignInAgain, reason, claims: None }),
        upstream: refusal.upstream.clone(),
        ..Refusal::new(Code::SignInAgain, refusal.detail.clone())
    }
}

/// The refusal of a mailbox without an authentication.
#[must_use]
pub fn not_signed_in() -> Refusal {
    Refusal::new(Code::NotAuthenticated, "this mailbox is not signed in")
}
