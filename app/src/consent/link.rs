//! The requests of a consent.

use api::{
    AnsweredConsent, AttemptId, BeginConsent, BegunConsent, ConsentOutcome, FinishConsent, MailboxId,
    MailboxView,
};
use gloo_net::http::Method;

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

pub(crate) async fn agree(mailbox: MailboxId, attempt: AttemptId) -> Result<ConsentOutcome, Trouble> {
    http::post(&answer(mailbox, attempt), &AnsweredConsent { confirmed: true }).await
}

pub(crate) async fn decline(mailbox: MailboxId, attempt: AttemptId) -> Result<(), Trouble> {
    http::tell(Method::POST, &answer(mailbox, attempt), Some(&AnsweredConsent { confirmed: false })).await
}

pub(crate) async fn remove(mailbox: MailboxId) -> Result<MailboxView, Trouble> {
    http::delete(&format!("/api/mailboxes/{mailbox}/authentication")).await
}

fn answer(mailbox: MailboxId, attempt: AttemptId) -> String {
    format!("{}/answer", path(mailbox, attempt))
}

fn path(mailbox: MailboxId, attempt: AttemptId) -> String {
    format!("/api/mailboxes/{mailbox}/consent/{attempt}")
}
