//! Where the runtime comes in.

use api::{Problem, RequestId};
use tower_service::Service as _;
use worker::{Context, Env, Request, ScheduleContext, ScheduledEvent, event};

use crate::config::Config;
use crate::host::{Line, in_request, log, now, random};
use crate::objects::Objects;
use crate::objects::directory::BeginRound;
use crate::registration::warn_of_end;
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

/// Once a night: warns of the installation's own credential, and begins the round over all mailboxes, which the Directory
/// object then makes. Nothing depends on it but a mailbox whose alarm was lost.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    let id = random().map(|random| RequestId::new(now(), random)).ok();
    if let Err(problem) = in_request(id, Box::pin(begin_round(&env))).await {
        let request_id = id.map(|id| id.to_string()).unwrap_or_default();
        let detail = problem.log_detail().unwrap_or(&problem.detail);
        log(&Line { event: "cron", outcome: "failed", request_id: &request_id, detail, ..Line::default() });
    }
}

async fn begin_round(env: &Env) -> Result<(), Problem> {
    let config = Config::load(env)?;
    warn_of_end(&config.registration.view(), "installation");
    Objects::new(env, &config.jurisdiction).directory()?.call(&BeginRound {}).await
}
