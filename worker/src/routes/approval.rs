use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;

use super::answer::json;
use super::who::Employee;
use super::{Answer, App, input, who};
use crate::objects::directory::WidenApproval;
use crate::objects::mailbox::{AskApproval, CheckAgain};
use crate::objects::organisation::NoteAsked;

/// Renewing asks Entra twice at most.
const RENEWING: Duration = Duration::from_secs(40);

/// `POST /api/mailboxes/{mailbox}/approval`: an administrator is asked to approve the app.
#[worker::send]
pub(super) async fn ask(State(app): State<App>, Path(id): Path<String>, request: Request) -> Answer {
    let mut employee = who::employee(&app, &request).await?;
    let mailbox = employee.mailbox(input::id(&id)?)?;
    widen(&mut employee).await?;
    let call = AskApproval { asked: true, around: employee.around()? };
    json(StatusCode::OK, &mailbox.call(&call).await?)
}

/// `DELETE /api/mailboxes/{mailbox}/approval`: no longer.
#[worker::send]
pub(super) async fn withdraw(State(app): State<App>, Path(id): Path<String>, request: Request) -> Answer {
    let employee = who::employee(&app, &request).await?;
    let call = AskApproval { asked: false, around: employee.around()? };
    json(StatusCode::OK, &employee.mailbox(input::id(&id)?)?.call(&call).await?)
}

/// `POST /api/mailboxes/{mailbox}/authentication/renewal`: looks whether what stood in the way is gone.
#[worker::send]
pub(super) async fn check_again(State(app): State<App>, Path(id): Path<String>, request: Request) -> Answer {
    let employee = who::employee(&app, &request).await?;
    let call = CheckAgain { around: employee.around()? };
    json(StatusCode::OK, &employee.mailbox(input::id(&id)?)?.call_for(&call, RENEWING).await?)
}

/// An approval replaces the one before it in that tenant, whoever asked for it: none may be narrower than an earlier one.
async fn widen(employee: &mut Employee) -> Result<(), api::Problem> {
    let Some(tenant) = employee.holder.tenant.clone() else { return Ok(()) };
    let client_id = employee.around()?.registration.client_id;
    let call = WidenApproval { client_id, tenant, scopes: employee.scopes_in_use() };
    let scopes = employee.directory()?.call(&call).await?;
    employee.organisation()?.call(&NoteAsked { scopes: scopes.clone() }).await?;
    employee.holder.asked = scopes;
    Ok(())
}
