//! One renewal at a time: whoever needs a token while one is under way waits for it.

use std::rc::Rc;
use std::time::Duration;

use api::{Code, Reason, Timestamp};
use futures_channel::oneshot;
use gateway::{AccessRecord, Authentication, MailboxRecord, Pause, SealedToken, Trouble};
use microsoft::{AccessToken, Decision, RefreshToken, Refusal, Resource, Sending, Tokens, Verdict};

use super::redeem::token_endpoint;
use crate::config::Config;
use crate::host::{Fetch, Line, Vault, log, now, random, within};
use crate::objects::mailbox::Inner;
use crate::registration::Registration;

/// A renewal under way.
pub(in crate::objects::mailbox) struct Flight {
    id: u64,
    started_at: Timestamp,
    waiting: Vec<oneshot::Sender<Result<(), Refusal>>>,
}

/// A renewal that takes longer has been lost (the module was replaced under it); the next caller starts another. Longer
/// than [`Fetch::TOKENS`] twice, for the previous token.
const FLIGHT_MS_MAX: i64 = 35_000;

impl Inner {
    /// Renews refresh and access token, or waits for the renewal that is under way.
    ///
    /// The renewal belongs to nobody who waits for it: whoever hangs up meanwhile takes nothing away from the others.
    pub(in crate::objects::mailbox) async fn renew(
        self: &Rc<Self>,
        resource: Resource,
    ) -> Result<(), Refusal> {
        let (sender, outcome) = oneshot::channel();
        if let Some(id) = self.board(sender) {
            let inner = self.clone();
            self.in_background(async move {
                let outcome = inner.renew_now(resource).await;
                inner.land(id, &outcome);
            });
        }
        let limit = Duration::from_millis(FLIGHT_MS_MAX.unsigned_abs());
        match within(limit, outcome).await {
            Some(Ok(outcome)) => outcome,
            _ => Err(Refusal::new(Code::Busy, "a renewal under way brought no outcome")),
        }
    }

    /// Joins the renewal under way; the number of a new one when there is none to join.
    fn board(&self, waiting: oneshot::Sender<Result<(), Refusal>>) -> Option<u64> {
        let mut flight = self.flight.borrow_mut();
        match flight.as_mut() {
            Some(flight) if now().since(flight.started_at) < FLIGHT_MS_MAX => {
                flight.waiting.push(waiting);
                None
            }
            _ => {
                let id = self.flights.get() + 1;
                self.flights.set(id);
                *flight = Some(Flight { id, started_at: now(), waiting: vec![waiting] });
                Some(id)
            }
        }
    }

    fn land(&self, id: u64, outcome: &Result<(), Refusal>) {
        let flight = {
            let mut flight = self.flight.borrow_mut();
            if flight.as_ref().is_some_and(|flight| flight.id == id) { flight.take() } else { None }
        };
        for waiting in flight.into_iter().flat_map(|flight| flight.waiting) {
            // Somebody who has given up by now is no loss.
            let _ = waiting.send(outcome.clone());
        }
    }

    async fn renew_now(self: &Rc<Self>, resource: Resource) -> Result<(), Refusal> {
        let before = self.store.authentication().map_err(own_fault)?.ok_or_else(not_signed_in)?;
        if let Some(refusal) = before.pause.as_ref().and_then(|pause| pause.refusal(now())) {
            return Err(refusal);
        }
        let (mailbox, before) = self.begin_renewal()?;
        let asked = async {
            let config = self.config().map_err(own_fault)?;
            let registration = self.registration(&config).await.map_err(own_fault)?;
            let tokens = self.ask_for_tokens(&config, &registration, &mailbox, &before, resource).await?;
            Ok((config, tokens))
        };
        let outcome = match asked.await {
            Ok((config, tokens)) => self.take_over(&config, &mailbox, resource, &tokens).await,
            Err(refusal) => {
                self.note_failure(&mailbox, &refusal);
                Err(refusal)
            }
        };
        let object = mailbox.id.to_string();
        let (outcome_word, detail) = match &outcome {
            Ok(()) => ("renewed", ""),
            Err(refusal) => (refusal.code.as_str(), refusal.detail.as_str()),
        };
        log(&Line { event: "renewal", outcome: outcome_word, object: &object, detail, ..Line::default() });
        self.rearm().await;
        outcome
    }

    /// Takes the next number before anything is asked, so that no two renewals ever share one.
    fn begin_renewal(&self) -> Result<(MailboxRecord, Authentication), Refusal> {
        let before = self.store.authentication().map_err(own_fault)?.ok_or_else(not_signed_in)?;
        let mut mailbox = self.store.mailbox().map_err(own_fault)?;
        mailbox.number += 1;
        self.store.set_mailbox(&mailbox).map_err(own_fault)?;
        Ok((mailbox, before))
    }

    /// Asks with the newest refresh token and, if Entra says that it is at its end, once with the one before: its
    /// successor may have been lost on the way to us.
    async fn ask_for_tokens(
        &self,
        config: &Config,
        registration: &Registration,
        mailbox: &MailboxRecord,
        before: &Authentication,
        resource: Resource,
    ) -> Result<Tokens, Refusal> {
        if before.client_id.as_ref().is_some_and(|id| *id != registration.client_id) {
            return Err(found_here(
                Reason::RegistrationChanged,
                "the tokens were issued to another app registration than the one in use",
            ));
        }
        let sending = Sending::from(&mailbox.settings);
        let scopes = resource.scopes(sending, &registration.endpoints);
        let ask = async |token: &SealedToken| {
            let record = mailbox.sealed_as("refresh_token", token.number);
            let opened = Vault(&config.ring).open_text(&record, &token.sealed).await.map_err(own_fault)?;
            let endpoint = token_endpoint(registration, &before.tenant_id).await.map_err(own_fault)?;
            endpoint.refresh(&RefreshToken::new(opened), &scopes, &Fetch::TOKENS).await
        };
        match (ask(&before.refresh).await, &before.previous) {
            (Err(refusal), Some(previous)) if refusal.decision() == Some(Decision::SignInAgain) => {
                ask(previous).await.map_err(|_| refusal)
            }
            (outcome, _) => outcome,
        }
    }

    /// Seals the new tokens and commits them, unless the authentication was ended or replaced meanwhile.
    async fn take_over(
        self: &Rc<Self>,
        config: &Config,
        mailbox: &MailboxRecord,
        resource: Resource,
        tokens: &Tokens,
    ) -> Result<(), Refusal> {
        let (epoch, number, issued_at) = (mailbox.epoch, mailbox.number, now());
        let refresh = match &tokens.refresh {
            Some(token) => Some(self.seal_token(config, mailbox, "refresh_token", token.secret()).await?),
            None => None,
        };
        let access = self.access_record(config, mailbox, resource, tokens, issued_at).await?;

        // From here to the write there is no `await`.
        let current = self.store.mailbox().map_err(own_fault)?;
        let Some(mut authentication) = self.store.authentication().map_err(own_fault)? else {
            return Err(not_signed_in());
        };
        if current.epoch != epoch || authentication.number >= number {
            return Err(Refusal::new(
                Code::Busy,
                "the authentication was replaced while it was being renewed",
            ));
        }
        authentication.number = number;
        if let Some(refresh) = refresh {
            authentication.previous = Some(std::mem::replace(&mut authentication.refresh, refresh));
        }
        authentication.access.retain(|record| record.resource != resource);
        authentication.access.push(access);
        authentication.renewed_at = issued_at;
        authentication.pause = None;
        let recovered = authentication.trouble.take().is_some();
        self.store.set_authentication(&authentication).map_err(own_fault)?;
        self.follow_in_kv(config, &authentication, false).map_err(own_fault)?;
        *self.token.borrow_mut() = None;
        if recovered {
            self.release_held().map_err(own_fault)?;
        }
        Ok(())
    }

    /// An access token, sealed with the number that the mailbox has taken.
    pub(super) async fn access_record(
        &self,
        config: &Config,
        mailbox: &MailboxRecord,
        resource: Resource,
        tokens: &Tokens,
        issued_at: Timestamp,
    ) -> Result<AccessRecord, Refusal> {
        Ok(AccessRecord {
            resource,
            issued_at,
            valid_until: issued_at.plus_seconds(tokens.expires_in_seconds),
            token: self.seal_token(config, mailbox, "access_token", tokens.access.secret()).await?,
        })
    }

    /// Seals a token with the number that the mailbox has taken.
    pub(super) async fn seal_token(
        &self,
        config: &Config,
        mailbox: &MailboxRecord,
        kind: &'static str,
        token: &str,
    ) -> Result<SealedToken, Refusal> {
        let record = mailbox.sealed_as(kind, mailbox.number);
        let sealed = Vault(&config.ring).seal_text(&record, token).await.map_err(own_fault)?;
        Ok(SealedToken { number: mailbox.number, sealed })
    }

    /// Keeps why renewing does not work: a pause when it passes by itself, else what a person must mend. The tokens stay.
    pub(in crate::objects::mailbox) fn note_failure(&self, mailbox: &MailboxRecord, refusal: &Refusal) {
        if !mailbox.settings.kind.signs_in() {
            return self.note_server_trouble(mailbox, refusal);
        }
        let same_epoch = self.store.mailbox().is_ok_and(|current| current.epoch == mailbox.epoch);
        let (Ok(Some(mut authentication)), true) = (self.store.authentication(), same_epoch) else { return };
        let now = now();
        if refusal.code.retryable() {
            let jitter = random::<4>().map(u32::from_le_bytes).unwrap_or_default();
            authentication.pause = Some(Pause::after(refusal, authentication.pause.as_ref(), now, jitter));
        } else {
            authentication.pause = None;
            authentication.trouble = Some(Trouble::after(refusal, authentication.trouble.as_ref(), now));
        }
        // If this can't be written, the next renewal fails the same way and tries again.
        let _ = self.store.set_authentication(&authentication);
    }
}

/// A refusal whose cause nobody but us can see: the tokens are of no use any more.
pub(in crate::objects::mailbox) fn found_here(reason: Reason, detail: &str) -> Refusal {
    let verdict = Verdict { decision: Decision::SignInAgain, reason: Some(reason), claims: None };
    Refusal { verdict: Some(verdict), ..Refusal::new(Code::SignInAgain, detail) }
}

pub(in crate::objects::mailbox) fn not_signed_in() -> Refusal {
    Refusal::new(Code::NotAuthenticated, "nobody has signed this mailbox in")
}

/// A fault of ours in the shape of a refusal.
pub(in crate::objects::mailbox) fn own_fault(problem: api::Problem) -> Refusal {
    Refusal::new(problem.code, problem.detail)
}

/// The token a send uses, and the number it belongs to.
pub(super) type Usable = (u64, AccessToken);
