//! Signing the mailbox in: one consent attempt from its beginning to the authentication that it leads to.

mod redeem;
mod send_as_check;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use api::{AttemptId, BegunConsent, Code, ConsentOutcome, Digest, MailboxView, Problem};
use futures_channel::oneshot;
use gateway::sign_in::{ATTEMPT_SECONDS, ConsentAttempt, attempt_of};
use microsoft::asked_at_consent;

use super::calls::{Answer, BeginAttempt, FinishAttempt, FinishedAttempt, RefuseAttempt};
use super::shell::Shell;
use super::waiters::Waiters;
use crate::host::{now, within};

/// Longest wait of a second post for the first one's outcome: redeeming, `/me` and a little.
const JOIN_LIMIT: Duration = Duration::from_mins(1);
/// SHA-256 in base64url without padding.
const DIGEST_CHARS: usize = 43;

/// Consents being redeemed now: a second post of the same waits for the first.
#[derive(Default)]
pub(super) struct Consents {
    redeeming: RefCell<Vec<AttemptId>>,
    waiting: Waiters<AttemptId>,
}

impl Consents {
    fn begin(&self, id: AttemptId) {
        self.redeeming.borrow_mut().push(id);
    }

    fn join(&self, id: AttemptId) -> Option<oneshot::Receiver<()>> {
        self.redeeming.borrow().contains(&id).then(|| self.waiting.wait(id))
    }

    fn end(&self, id: AttemptId) {
        self.redeeming.borrow_mut().retain(|redeeming| *redeeming != id);
        self.waiting.wake(|waiting| *waiting == id);
    }
}

/// Begins a consent attempt.
pub(super) async fn begin(shell: &Rc<Shell>, call: BeginAttempt) -> Result<BegunConsent, Problem> {
    let config = shell.config()?;
    let registration = shell.registration(&config).await?;
    let (mailbox, authentication) =
        shell.read(|machine, _| Ok((machine.mailbox()?, machine.store().records().authentication()?)))?;
    let kind = mailbox.settings.kind;
    if !kind.signs_in() {
        let detail = "this kind has a user name and password, and no sign-in";
        return Err(Problem::new(Code::KindNotAvailable, detail));
    }
    let hashes = call.begin;
    for digest in [&hashes.challenge.0, &hashes.state_hash.0, &hashes.nonce_hash.0] {
        if digest.len() != DIGEST_CHARS {
            return Err(Problem::new(Code::MalformedRequest, "a hash is 43 characters of base64url"));
        }
    }
    let attempt = ConsentAttempt {
        id: call.id,
        session: call.session,
        kind,
        shared: mailbox.settings.shared,
        address: mailbox.settings.address.clone(),
        tenant: call.tenant.unwrap_or_else(|| registration.tenant.clone()),
        client_id: registration.client_id.clone(),
        challenge: Digest(hashes.challenge.0),
        state_hash: hashes.state_hash,
        nonce_hash: hashes.nonce_hash,
        begun_at: now(),
    };
    // Nobody can sign in as a shared mailbox, and a hint and a prompt must not meet (Microsoft: v2-protocols-oidc).
    let choose = hashes.choose_account || attempt.shared;
    let trouble = authentication.and_then(|authentication| authentication.trouble);
    shell.step(|machine, context| machine.begin_consent(&attempt, context))?;
    Ok(BegunConsent {
        attempt: attempt.id,
        authorization_endpoint: registration.endpoints.authorize(&attempt.tenant),
        client_id: attempt.client_id.clone(),
        redirect_uri: config.redirect_uri(),
        scopes: asked_at_consent(attempt.sending(), &registration.endpoints),
        login_hint: (!choose).then(|| attempt.address.clone()),
        prompt: choose.then(|| "select_account".to_owned()),
        claims: trouble.and_then(|trouble| trouble.claims),
        expires_in_seconds: ATTEMPT_SECONDS,
    })
}

/// Redeems the code, once: a second post gets the first one's outcome.
pub(super) async fn finish(shell: &Rc<Shell>, call: FinishAttempt) -> Result<ConsentOutcome, Problem> {
    if let Some(first) = shell.consents().join(call.id) {
        // The outcome stands in the record, whether or not the first post told us in time.
        let _ = within(JOIN_LIMIT, first).await;
    }
    let around = call.around.clone();
    let started = shell
        .step(|machine, context| machine.start_redeeming(call.id, &call.session, &call.finish, context))?;
    let outcome = match started {
        Err(earlier) => Ok(earlier),
        Ok(redemption) => {
            let id = call.id;
            shell.consents().begin(id);
            let redeemed = redeem::redeem(shell, call, redemption).await;
            let concluded = shell.step(|machine, context| machine.conclude_consent(id, &redeemed, context));
            shell.consents().end(id);
            concluded?
        }
    };
    match outcome? {
        Some(confirm) => Ok(confirm),
        None => Ok(ConsentOutcome::Connected { mailbox: Box::new(shell.view(around)?) }),
    }
}

/// Takes the person's answer to a confirmation.
pub(super) fn answer(shell: &Rc<Shell>, call: Answer) -> Result<Option<MailboxView>, Problem> {
    let connected = shell
        .step(|machine, context| machine.answer_consent(call.id, &call.session, call.confirmed, context))??;
    connected.then(|| shell.view(call.around)).transpose()
}

/// Ends an attempt with the error that came back.
pub(super) fn refuse(shell: &Rc<Shell>, call: &RefuseAttempt) -> Result<Problem, Problem> {
    shell.step(|machine, context| machine.refuse_consent(call.id, &call.session, &call.refused, context))
}

/// The tenant of a sign-in that waits for its confirmation, as long as that still holds.
pub(super) fn tenant_to_confirm(shell: &Rc<Shell>, call: &FinishedAttempt) -> Result<String, Problem> {
    shell.read(|machine, context| {
        attempt_of(machine.store(), call.id, &call.session)?;
        gateway::sign_in::tenant_to_confirm(machine.store(), call.id, &call.session, context.now)
    })
}
