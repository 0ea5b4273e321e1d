//! The requests of a consent.

use api::{
    AnsweredConsent, AttemptId, BeginConsent, BegunConsent, ConsentOutcome, FinishConsent, MailboxId,
    MailboxView, RefusedConsent,
};
use gloo_net::http::Method;
use serde_json::json;

use super::kept::Kept;
use crate::browser::http::{self, Trouble};

pub(crate) async fn begin(mailbox: MailboxId, body: &BeginConsent) -> Result<BegunConsent, Trouble> {
    http::post(&format!("/api/mailboxes/{mailbox}/consent"), body).await
}

pub(crate) async fn finish(kept: &Kept, code: String) -> Result<ConsentOutcome, Trouble> {
    let body = FinishConsent {
        state: kept.state.clone(),
        nonce: kept.nonce.clone(),
        verifier: kept.verifier.clone(),
        code,
    };
    http::post(&path(kept.mailbox, kept.attempt), &body).await
}

/// What an error amounts to: the answer is always a problem document.
pub(crate) async fn refuse(kept: &Kept, body: &RefusedConsent) -> Trouble {
    let path = format!("{}/refusal", path(kept.mailbox, kept.attempt));
    match http::tell(Method::POST, &path, Some(body)).await {
        Err(trouble) => trouble,
        Ok(()) => Trouble::Unreadable { status: 200, reference: None },
    }
}

pub(crate) async fn agree(mailbox: MailboxId, attempt: AttemptId) -> Result<ConsentOutcome, Trouble> {
    http::post(&answer(mailbox, attempt), &AnsweredConsent { confirmed: true }).await
}

pub(crate) async fn decline(mailbox: MailboxId, attempt: AttemptId) -> Result<(), Trouble> {
    http::tell(Method::POST, &answer(mailbox, attempt), Some(&AnsweredConsent { confirmed: false })).await
}

pub(crate) async fn remove(mailbox: MailboxId) -> Result<MailboxView, Trouble> {
    http::delete(&format!("/api/mailboxes/{mailbox}/authentication")).await
}

/// Fetches fresh tokens now, to see whether it works again.
pub(crate) async fn renew(mailbox: MailboxId) -> Result<MailboxView, Trouble> {
    http::post(&format!("/api/mailboxes/{mailbox}/authentication/renewal"), &json!({})).await
}

pub(crate) async fn ask_approval(mailbox: MailboxId) -> Result<MailboxView, Trouble> {
    http::post(&approval(mailbox), &json!({})).await
}

pub(crate) async fn withdraw_approval(mailbox: MailboxId) -> Result<MailboxView, Trouble> {
    http::delete(&approval(mailbox)).await
}

fn approval(mailbox: MailboxId) -> String {
    format!("/api/mailboxes/{mailbox}/approval")
}

fn answer(mailbox: MailboxId, attempt: AttemptId) -> String {
    format!("{}/answer", path(mailbox, attempt))
}

fn path(mailbox: MailboxId, attempt: AttemptId) -> String {
    format!("/api/mailboxes/{mailbox}/consent/{attempt}")
}
