//! One message by Microsoft Graph, and the harmless request that shows whether Graph answers.

use std::rc::Rc;

use api::{Code, Problem, Route};
use gateway::mailbox::{GraphCheck, Tried};
use gateway::outbox::{DeliveryResult, Stage};
use mail::{Bcc, Content};
use microsoft::{
    AccessToken, Http as _, HttpRequest, Refusal, SendMail, Sent, ping, read_ping, read_send_mail, send_mail,
    send_mime,
};

use super::mime_frame::frame;
use super::{Attempt, refused};
use crate::config::Config;
use crate::host::Fetch;
use crate::objects::mailbox::shell::Shell;

/// Posts the message.
pub(super) async fn post(
    attempt: &Attempt<'_>,
    config: &Config,
    content: Content,
    token: &AccessToken,
) -> Tried {
    attempt.goes_by(Route::Graph);
    let request = match request(attempt, config, &content, token) {
        Ok(request) => request,
        Err(refusal) => return refused(refusal, Stage::HandOver),
    };
    drop(content);
    if let Err(problem) = attempt.possibly_sent().await {
        return refused(problem.into(), Stage::Token);
    }
    match Fetch::HAND_OVER.send(request).await.map(|answer| read_send_mail(&answer)) {
        Ok(Sent::HandedOver { upstream, pause_ms }) => {
            Tried::Ended(DeliveryResult::HandedOver { upstream, pause_ms })
        }
        Ok(Sent::TokenRefused(refusal)) => Tried::TokenRefused { refusal, token: attempt.delivery.token },
        Ok(Sent::Refused(refusal)) => refused(refusal, Stage::HandOver),
        // The request may have arrived, whatever happened to its answer.
        Err(error) => {
            let unknown = Refusal::new(Code::OutcomeUnknown, format!("Microsoft Graph: {error}"));
            refused(unknown, Stage::HandOver)
        }
    }
}

fn request(
    attempt: &Attempt<'_>,
    config: &Config,
    content: &Content,
    token: &AccessToken,
) -> Result<HttpRequest, Refusal> {
    let message = &attempt.delivery.message;
    let cloud = attempt.delivery.authentication.as_ref().map(|it| it.cloud).unwrap_or_default();
    let endpoints = config.registration.endpoints.of(cloud);
    let id = message.id().to_string();
    match content {
        // JSON has no place for a calendar part.
        Content::Fields(fields) if fields.has_invitation() => {
            let mime = fields.to_mime(&frame(message, content.from(), config, Bcc::Kept)?);
            send_mime(&endpoints, token, &id, &mime)
        }
        Content::Fields(fields) => {
            let message_id = frame(message, content.from(), config, Bcc::Kept)?.message_id;
            send_mail(&endpoints, token, &id, &SendMail::new(fields, &message_id))
        }
        Content::Raw(raw) => send_mime(&endpoints, token, &id, raw.as_bytes()),
    }
}

/// Makes the harmless request that an open circuit waits for.
pub(in crate::objects::mailbox) async fn check_graph(shell: Rc<Shell>, check: GraphCheck) {
    let outcome = ping_graph(&shell, &check).await;
    // A problem is logged by the step; the circuit stays open and is checked again.
    let _ = shell.step(|machine, context| machine.checked(&outcome, context));
}

async fn ping_graph(shell: &Shell, check: &GraphCheck) -> Result<(), Refusal> {
    let config = shell.config()?;
    let authentication = shell.read(|machine, _| machine.store().records().authentication())?;
    let missing = || Problem::new(Code::NotAuthenticated, "this mailbox is not signed in");
    let authentication = authentication.ok_or_else(missing)?;
    let token =
        shell.tokens().open(&config, &check.mailbox, &authentication, check.resource, check.token).await?;
    let endpoints = config.registration.endpoints.of(authentication.cloud);
    let request = ping(&endpoints, &token, &check.mailbox.id.to_string())?;
    let away = |error| Refusal::new(Code::MicrosoftUnavailable, format!("Microsoft Graph: {error}"));
    read_ping(&Fetch::GRAPH.send(request).await.map_err(away)?)
}
