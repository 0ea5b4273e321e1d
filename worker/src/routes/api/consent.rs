use std::time::Duration;

use api::{
    AnsweredConsent, AttemptId, BeginConsent, BegunConsent, ConsentOutcome, FinishConsent, MailboxId,
    RefusedConsent,
};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;

use crate::host::{now, random};
use crate::objects::Passed;
use crate::objects::mailbox::{
    Answer as Confirmation, BeginAttempt, FinishAttempt, FinishedAttempt, RefuseAttempt,
};
use crate::objects::organisation::PinTenant;
use crate::routes::answer::{Answer, With, no_content};
use crate::routes::auth::Employee;
use crate::routes::body::SmallJson;
use crate::routes::path::Id;

/// Redeeming asks Entra (15 s) and Graph (20 s), with Exchange Entra twice, and with a shared mailbox Graph twice.
const REDEEMING: Duration = Duration::from_mins(1);

/// `POST /api/mailboxes/{mailbox}/consent`
#[worker::send]
pub(super) async fn begin(
    employee: Employee,
    Id(mailbox): Id<MailboxId>,
    SmallJson(begin): SmallJson<BeginConsent>,
) -> Answer<With<BegunConsent>> {
    let mailbox = employee.mailbox(mailbox)?;
    let call = BeginAttempt {
        id: AttemptId::new(now(), random()?),
        session: employee.session_digest(),
        tenant: employee.holder.tenant,
        begin,
    };
    Ok(With(StatusCode::CREATED, mailbox.pass(&call, Duration::ZERO).await?))
}

/// `POST /api/mailboxes/{mailbox}/consent/{attempt}`
#[worker::send]
pub(super) async fn finish(
    employee: Employee,
    Id(mailbox): Id<MailboxId>,
    Id(id): Id<AttemptId>,
    SmallJson(finish): SmallJson<FinishConsent>,
) -> Answer<Passed<ConsentOutcome>> {
    let mailbox = employee.mailbox(mailbox)?;
    let session = employee.session_digest();
    let around = employee.around()?;
    let call = FinishAttempt { id, session, tenant: employee.holder.tenant, finish, around };
    Ok(mailbox.pass(&call, REDEEMING).await?)
}

/// `POST /api/mailboxes/{mailbox}/consent/{attempt}/refusal`: the error that came back, answered as the problem it is.
#[worker::send]
pub(super) async fn refuse(
    employee: Employee,
    Id(mailbox): Id<MailboxId>,
    Id(id): Id<AttemptId>,
    SmallJson(refused): SmallJson<RefusedConsent>,
) -> Answer {
    let mailbox = employee.mailbox(mailbox)?;
    let call = RefuseAttempt { id, session: employee.session_digest(), refused };
    Err(mailbox.call(&call).await?.into())
}

/// `POST /api/mailboxes/{mailbox}/consent/{attempt}/answer`
#[worker::send]
pub(super) async fn answer(
    employee: Employee,
    Id(mailbox): Id<MailboxId>,
    Id(id): Id<AttemptId>,
    SmallJson(AnsweredConsent { confirmed }): SmallJson<AnsweredConsent>,
) -> Answer {
    let mailbox = employee.mailbox(mailbox)?;
    let session = employee.session_digest();
    if confirmed {
        // The tenant first: whoever loses a race for it is not connected.
        let tenant = mailbox.call(&FinishedAttempt { id, session: session.clone() }).await?;
        employee.organisation()?.call(&PinTenant { tenant }).await?;
    }
    let around = employee.around()?;
    let call = Confirmation { id, session, confirmed, around };
    let outcome = mailbox.pass(&call, Duration::ZERO).await?.some();
    Ok(outcome.map_or_else(no_content, Passed::into_response))
}
