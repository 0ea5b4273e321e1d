//! Where the runtime comes in.

use tower_service::Service as _;
use worker::{Context, Env, Request, ScheduleContext, ScheduledEvent, event};

use crate::config::Config;
use crate::host::{Line, log};
use crate::objects::Objects;
use crate::objects::directory::ListOrganisations;
use crate::objects::mailbox::Nudge;
use crate::objects::organisation::{AskRegistration, ListMailboxes};
use crate::routes;

#[event(fetch)]
async fn fetch(
    request: Request,
    env: Env,
    _context: Context,
) -> worker::Result<http::Response<axum::body::Body>> {
    let Ok(request) = http::Request::<worker::Body>::try_from(request) else {
        return Ok(routes::unreadable_request());
    };
    // The router itself can't fail: every refusal is already an answer.
    routes::router(env).call(request).await.map_err(|never| match never {})
}

/// Once a day: every mailbox that is listed looks whether its alarm is still there. Nothing depends on it but a mailbox
/// whose alarm was lost.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    let outcome = nudge_all(&env).await;
    let detail = outcome.as_ref().err().map(|problem| problem.detail.as_str()).unwrap_or_default();
    log(&Line {
        event: "cron",
        outcome: if outcome.is_ok() { "done" } else { "failed" },
        detail,
        ..Line::default()
    });
}

async fn nudge_all(env: &Env) -> Result<(), api::Problem> {
    let config = Config::load(env)?;
    let objects = Objects::new(env, &config.jurisdiction);
    warn_of_end(&config.registration.view(), "installation");
    for organisation in objects.directory()?.call(&ListOrganisations {}).await? {
        if let Ok(Some(own)) = objects.organisation(organisation)?.call(&AskRegistration {}).await {
            warn_of_end(&own.view(), &organisation.to_string());
        }
        let mailboxes = objects.organisation(organisation)?.call(&ListMailboxes {}).await.unwrap_or_default();
        for mailbox in mailboxes {
            // One that does not answer must not keep the others from being asked.
            let _ = objects.mailbox(organisation, mailbox.id)?.call(&Nudge {}).await;
        }
    }
    Ok(())
}

/// A line in the log 30, 14 and 3 days before an app's secret or certificate ends, and every day after it has.
fn warn_of_end(registration: &api::RegistrationView, object: &str) {
    let Some(days) = registration.warn_days_left.filter(|days| gateway::warns_today(*days)) else { return };
    let detail = format!("the credential of app {} ends in {days} days", registration.client_id);
    let outcome = if days < 0 { "ended" } else { "ends" };
    log(&Line { event: "credential", outcome, object, detail: &detail, ..Line::default() });
}
