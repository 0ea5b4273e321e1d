//! One renewal at a time: whoever needs a token while one is under way waits for it.

use std::rc::Rc;
use std::time::Duration;

use api::{Code, Timestamp};
use futures_channel::oneshot;
use gateway::{AccessRecord, Authentication, SealedToken, Trouble};
use microsoft::{AccessToken, RefreshToken, Refusal, Resource, TokenEndpoint, Tokens};

use super::Inner;
use super::records::MailboxRecord;
use crate::config::Config;
use crate::host::{Fetch, Line, Vault, log, now, within};

/// A renewal under way.
pub(super) struct Flight {
    id: u64,
    started_at: Timestamp,
    followers: Vec<oneshot::Sender<Result<(), Refusal>>>,
}

/// A renewal that takes longer has lost its leader (its request ended, or the module was replaced); the next caller
/// starts another. Longer than [`Fetch::TOKENS`] twice, for the previous token.
const FLIGHT_MS_MAX: i64 = 35_000;

enum Role {
    Leads(u64),
    Follows(oneshot::Receiver<Result<(), Refusal>>),
}

impl Inner {
    /// Renews refresh and access token, or waits for the renewal that is under way.
    pub(super) async fn renew(self: &Rc<Self>, resource: Resource) -> Result<(), Refusal> {
        match self.take_role() {
            Role::Follows(outcome) => {
                let limit = Duration::from_millis(FLIGHT_MS_MAX.unsigned_abs());
                match within(limit, outcome).await {
                    Some(Ok(outcome)) => outcome,
                    _ => Err(Refusal::new(Code::Busy, "a renewal under way brought no outcome")),
                }
            }
            Role::Leads(id) => {
                let outcome = self.renew_now(resource).await;
                let flight = {
                    let mut flight = self.flight.borrow_mut();
                    if flight.as_ref().is_some_and(|flight| flight.id == id) { flight.take() } else { None }
                };
                for follower in flight.into_iter().flat_map(|flight| flight.followers) {
                    // A follower that has given up by now is no loss.
                    let _ = follower.send(outcome.clone());
                }
                outcome
            }
        }
    }

    fn take_role(&self) -> Role {
        let mut flight = self.flight.borrow_mut();
        match flight.as_mut() {
            Some(flight) if now().since(flight.started_at) < FLIGHT_MS_MAX => {
                let (sender, receiver) = oneshot::channel();
                flight.followers.push(sender);
                Role::Follows(receiver)
            }
            _ => {
                let id = self.flights.get() + 1;
                self.flights.set(id);
                *flight = Some(Flight { id, started_at: now(), followers: Vec::new() });
                Role::Leads(id)
            }
        }
    }

    async fn renew_now(self: &Rc<Self>, resource: Resource) -> Result<(), Refusal> {
        let config = self.config().map_err(own_fault)?;
        let (mailbox, before) = self.begin_renewal()?;
        let asked = self.ask_for_tokens(&config, &mailbox, &before, resource).await;
        let outcome = match asked {
            Ok(tokens) => self.take_over(&config, &mailbox, resource, &tokens).await,
            Err(refusal) => {
                self.note_trouble(&mailbox, &refusal);
                Err(refusal)
            }
        };
        let object = mailbox.id.to_string();
        let (outcome_word, detail) = match &outcome {
            Ok(()) => ("renewed", ""),
            Err(refusal) => (refusal.code.as_str(), refusal.detail.as_str()),
        };
        log(&Line { event: "renewal", outcome: outcome_word, object: &object, detail, ..Line::default() });
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

    /// Asks with the newest refresh token and, if Entra does not take it, once with the one before.
    async fn ask_for_tokens(
        &self,
        config: &Config,
        mailbox: &MailboxRecord,
        before: &Authentication,
        resource: Resource,
    ) -> Result<Tokens, Refusal> {
        let endpoint = TokenEndpoint {
            endpoints: &config.endpoints,
            tenant: &before.tenant_id,
            registration: &config.registration,
        };
        let scopes = resource.scopes(mailbox.settings.kind, &config.endpoints);
        let ask = async |token: &SealedToken| {
            let record = mailbox.sealed_as("refresh_token", token.number);
            let opened = Vault(&config.ring).open_text(&record, &token.sealed).await.map_err(own_fault)?;
            endpoint.refresh(&RefreshToken::new(opened), &scopes, &Fetch::TOKENS).await
        };
        match (ask(&before.refresh).await, &before.previous) {
            (Err(refusal), Some(previous)) if refusal.code == Code::SignInAgain => {
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

    /// Keeps why renewing does not work, unless it passes by itself. The tokens stay.
    pub(super) fn note_trouble(&self, mailbox: &MailboxRecord, refusal: &Refusal) {
        let same_epoch = self.store.mailbox().is_ok_and(|current| current.epoch == mailbox.epoch);
        if refusal.code.retryable() || !same_epoch {
            return;
        }
        if let Ok(Some(mut authentication)) = self.store.authentication() {
            let tried_at = now();
            let before = authentication.trouble.filter(|trouble| trouble.code == refusal.code);
            let since = before.map_or(tried_at, |trouble| trouble.since);
            authentication.trouble =
                Some(Trouble { code: refusal.code, detail: refusal.detail.clone(), since, tried_at });
            // If this can't be written, the next renewal fails the same way and tries again.
            let _ = self.store.set_authentication(&authentication);
        }
    }
}

pub(super) fn not_signed_in() -> Refusal {
    Refusal::new(Code::NotAuthenticated, "nobody has signed this mailbox in")
}

/// A fault of ours in the shape of a refusal.
pub(super) fn own_fault(problem: api::Problem) -> Refusal {
    Refusal::new(problem.code, problem.detail)
}

/// The token a send uses, and the number it belongs to.
pub(super) type Usable = (u64, AccessToken);
