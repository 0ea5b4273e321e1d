use std::time::Duration;

use api::{AnsweredConsent, AttemptId, ConsentOutcome};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;

use super::answer::{json, no_content};
use super::{Answer, App, input, who};
use crate::host::{now, random};
use crate::objects::mailbox::{
    Answer as Confirmation, BeginAttempt, FinishAttempt, FinishedAttempt, RefuseAttempt,
};
use crate::objects::organisation::PinTenant;

/// Redeeming asks Entra (15 s) and Graph (20 s), with Exchange Entra twice, and with a shared mailbox Graph twice.
const REDEEMING: Duration = Duration::from_mins(1);

/// `POST /api/mailboxes/{mailbox}/consent`
#[worker::send]
pub(super) async fn begin(State(app): State<App>, Path(id): Path<String>, request: Request) -> Answer {
    let employee = who::employee(&app, &request).await?;
    let mailbox = employee.mailbox(input::id(&id)?)?;
    let begin = input::small_json(request).await?;
    let call = BeginAttempt {
        id: AttemptId::new(now(), random()?),
        session: employee.session_digest(),
        tenant: employee.holder.tenant,
        begin,
    };
    json(StatusCode::CREATED, &mailbox.call(&call).await?)
}

/// `POST /api/mailboxes/{mailbox}/consent/{attempt}`
#[worker::send]
pub(super) async fn finish(
    State(app): State<App>,
    Path((mailbox, attempt)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let employee = who::employee(&app, &request).await?;
    let (mailbox, id) = (employee.mailbox(input::id(&mailbox)?)?, input::id(&attempt)?);
    let finish = input::small_json(request).await?;
    let session = employee.session_digest();
    let around = employee.around()?;
    let call = FinishAttempt { id, session, tenant: employee.holder.tenant, finish, around };
    json(StatusCode::OK, &mailbox.call_for(&call, REDEEMING).await?)
}

/// `POST /api/mailboxes/{mailbox}/consent/{attempt}/refusal`: the error that came back, answered as the problem it is.
#[worker::send]
pub(super) async fn refuse(
    State(app): State<App>,
    Path((mailbox, attempt)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let employee = who::employee(&app, &request).await?;
    let (mailbox, id) = (employee.mailbox(input::id(&mailbox)?)?, input::id(&attempt)?);
    let refused = input::small_json(request).await?;
    let call = RefuseAttempt { id, session: employee.session_digest(), refused };
    Err(mailbox.call(&call).await?.into())
}

/// `POST /api/mailboxes/{mailbox}/consent/{attempt}/answer`
#[worker::send]
pub(super) async fn answer(
    State(app): State<App>,
    Path((mailbox, attempt)): Path<(String, String)>,
    request: Request,
) -> Answer {
    let employee = who::employee(&app, &request).await?;
    let (mailbox, id) = (employee.mailbox(input::id(&mailbox)?)?, input::id(&attempt)?);
    let AnsweredConsent { confirmed } = input::small_json(request).await?;
    let session = employee.session_digest();
    if confirmed {
        // The tenant first: whoever loses a race for it is not connected.
        let tenant = mailbox.call(&FinishedAttempt { id, session: session.clone() }).await?;
        employee.organisation()?.call(&PinTenant { tenant }).await?;
    }
    let around = employee.around()?;
    match mailbox.call(&Confirmation { id, session, confirmed, around }).await? {
        Some(view) => json(StatusCode::OK, &ConsentOutcome::Connected { mailbox: Box::new(view) }),
        None => Ok(no_content()),
    }
}
