//! Renewing tokens, and opening the access token that a delivery uses.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use api::{Problem, Reason, Timestamp};
use gateway::mailbox::MailboxRecord;
use gateway::tokens::{AccessRecord, Authentication, FLIGHT_MS_MAX, NewTokens, Renewal, SealedToken};
use microsoft::{
    AccessToken, Decision, RefreshToken, Refusal, Resource, Sending, TokenEndpoint, Tokens as TokenAnswer,
    Verdict,
};

use super::shell::Shell;
use super::waiters::Waiters;
use crate::config::Config;
use crate::host::{Fetch, Vault, now, within};
use crate::registration::Registration;

/// The opened access token, and the callers that wait for a renewal.
#[derive(Default)]
pub(super) struct Tokens {
    /// The access token in use, with its number; saves opening it for every message of a burst.
    opened: RefCell<Option<(u64, AccessToken)>>,
    /// By the generation of the renewal.
    waiting: Waiters<u64>,
}

impl Tokens {
    /// A renewal has ended: its callers go on.
    pub(super) fn ended(&self, generation: u64) {
        self.opened.replace(None);
        self.waiting.wake(|waiting| *waiting <= generation);
    }

    /// Waits for a renewal, at most as long as one may take. Its outcome stands in the authentication.
    pub(super) async fn wait(&self, generation: u64) {
        let ended = self.waiting.wait(generation);
        let _ = within(Duration::from_millis(FLIGHT_MS_MAX.unsigned_abs()), ended).await;
    }

    /// Opens the access token with that number.
    pub(super) async fn open(
        &self,
        config: &Config,
        mailbox: &MailboxRecord,
        authentication: &Authentication,
        resource: Resource,
        number: u64,
    ) -> Result<AccessToken, Problem> {
        let opened = self.opened.borrow().as_ref().filter(|(of, _)| *of == number).map(|(_, it)| it.clone());
        if let Some(token) = opened {
            return Ok(token);
        }
        let missing = || Problem::new(api::Code::Busy, "the access token was replaced meanwhile");
        let access = authentication.access_to(resource).filter(|access| access.token.number == number);
        let access = access.ok_or_else(missing)?;
        let record = mailbox.sealed_as("access_token", number);
        let token = AccessToken::new(Vault(&config.ring).open_text(&record, &access.token.sealed).await?);
        self.opened.replace(Some((number, token.clone())));
        Ok(token)
    }
}

/// Makes a token request and hands its result to the machine.
pub(super) async fn renew(shell: Rc<Shell>, renewal: Renewal) {
    let limit = Duration::from_millis(FLIGHT_MS_MAX.unsigned_abs());
    let lost = || Err(Refusal::new(api::Code::Busy, "no answer to the renewal came in time"));
    let outcome = within(limit, ask(&shell, &renewal)).await.unwrap_or_else(lost);
    // A problem here is logged by the step; the renewal's callers go on all the same.
    let renewed = shell.step(|machine, context| machine.renewed(renewal.generation, &outcome, context));
    if renewed.is_err() {
        shell.tokens().ended(renewal.generation);
    }
}

/// Asks with the newest refresh token and, if Entra says that it is at its end, once with the one before: the answer that
/// carried its successor may have been lost.
async fn ask(shell: &Shell, renewal: &Renewal) -> Result<NewTokens, Refusal> {
    let Renewal { mailbox, before, resource, .. } = renewal;
    let config = shell.config()?;
    let registration = shell.registration(&config).await?;
    if before.client_id.as_ref().is_some_and(|id| *id != registration.client_id) {
        let verdict = Verdict {
            decision: Decision::SignInAgain,
            reason: Some(Reason::RegistrationChanged),
            claims: None,
        };
        let detail = "the tokens were issued to another app registration than the one in use";
        return Err(Refusal { verdict: Some(verdict), ..Refusal::new(api::Code::SignInAgain, detail) });
    }
    let scopes = resource.scopes(Sending::from(&mailbox.settings), &registration.endpoints);
    let ask = async |token: &SealedToken| {
        let record = mailbox.sealed_as("refresh_token", token.number);
        let opened = Vault(&config.ring).open_text(&record, &token.sealed).await?;
        let endpoint = token_endpoint(&registration, &before.tenant_id).await?;
        endpoint.refresh(&RefreshToken::new(opened), &scopes, &Fetch::TOKENS).await
    };
    let tokens = match (ask(&before.refresh).await, &before.previous) {
        (Err(refusal), Some(previous)) if refusal.decision() == Some(Decision::SignInAgain) => {
            ask(previous).await.map_err(|_| refusal)?
        }
        (outcome, _) => outcome?,
    };
    let issued_at = now();
    let refresh = match &tokens.refresh {
        Some(token) => Some(seal(&config, mailbox, "refresh_token", token.secret()).await?),
        None => None,
    };
    Ok(NewTokens {
        refresh,
        access: access_record(&config, mailbox, *resource, &tokens, issued_at).await?,
        issued_at,
    })
}

/// The token endpoint of a registration, with a proof for it.
pub(super) async fn token_endpoint<'r>(
    registration: &'r Registration,
    tenant: &'r str,
) -> Result<TokenEndpoint<'r>, Problem> {
    Ok(TokenEndpoint {
        endpoints: &registration.endpoints,
        tenant,
        client_id: &registration.client_id,
        proof: registration.proof(tenant).await?,
    })
}

/// An access token, sealed with the number that the mailbox has taken.
pub(super) async fn access_record(
    config: &Config,
    mailbox: &MailboxRecord,
    resource: Resource,
    tokens: &TokenAnswer,
    issued_at: Timestamp,
) -> Result<AccessRecord, Problem> {
    Ok(AccessRecord {
        resource,
        issued_at,
        valid_until: issued_at.plus_seconds(tokens.expires_in_seconds),
        token: seal(config, mailbox, "access_token", tokens.access.secret()).await?,
    })
}

/// Seals a token with the number that the mailbox has taken.
pub(super) async fn seal(
    config: &Config,
    mailbox: &MailboxRecord,
    kind: &'static str,
    token: &str,
) -> Result<SealedToken, Problem> {
    let record = mailbox.sealed_as(kind, mailbox.number);
    let sealed = Vault(&config.ring).seal_text(&record, token).await?;
    Ok(SealedToken { number: mailbox.number, sealed })
}
