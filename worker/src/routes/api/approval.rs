use std::time::Duration;

use api::{MailboxId, MailboxView, Problem};

use crate::objects::Passed;
use crate::objects::directory::WidenApproval;
use crate::objects::mailbox::{AskApproval, CheckAgain};
use crate::objects::organisation::NoteAsked;
use crate::routes::answer::Answer;
use crate::routes::auth::Employee;
use crate::routes::path::Id;

/// Renewing asks Entra twice at most.
const RENEWING: Duration = Duration::from_secs(40);

/// `POST /api/mailboxes/{mailbox}/approval`: an administrator is asked to approve the app.
#[worker::send]
pub(super) async fn ask(mut employee: Employee, Id(id): Id<MailboxId>) -> Answer<Passed<MailboxView>> {
    let mailbox = employee.mailbox(id)?;
    widen(&mut employee).await?;
    let call = AskApproval { asked: true, around: employee.around()? };
    Ok(mailbox.pass(&call, Duration::ZERO).await?)
}

/// `DELETE /api/mailboxes/{mailbox}/approval`: no longer.
#[worker::send]
pub(super) async fn withdraw(employee: Employee, Id(id): Id<MailboxId>) -> Answer<Passed<MailboxView>> {
    let call = AskApproval { asked: false, around: employee.around()? };
    Ok(employee.mailbox(id)?.pass(&call, Duration::ZERO).await?)
}

/// `POST /api/mailboxes/{mailbox}/authentication/renewal`: looks whether what stood in the way is gone.
#[worker::send]
pub(super) async fn check_again(employee: Employee, Id(id): Id<MailboxId>) -> Answer<Passed<MailboxView>> {
    let call = CheckAgain { around: employee.around()? };
    Ok(employee.mailbox(id)?.pass(&call, RENEWING).await?)
}

/// An approval replaces the one before it in that tenant, whoever asked for it: none may be narrower than an earlier one.
async fn widen(employee: &mut Employee) -> Result<(), Problem> {
    let Some(tenant) = employee.holder.tenant.clone() else { return Ok(()) };
    let client_id = employee.around()?.registration.client_id;
    let call = WidenApproval { client_id, tenant, scopes: employee.scopes_in_use() };
    let scopes = employee.installation.directory()?.call(&call).await?;
    employee.organisation()?.call(&NoteAsked { scopes: scopes.clone() }).await?;
    employee.holder.asked = scopes;
    Ok(())
}
