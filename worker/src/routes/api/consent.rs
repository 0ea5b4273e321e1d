use std::time::Duration;

use api::{
    AnsweredConsent, AttemptId, BeginConsent, BegunConsent, Code, ConsentOutcome, FinishConsent, MailboxId,
    RefusedConsent,
};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;

use crate::host::{now, random};
use crate::objects::Passed;
use crate::objects::mailbox::{
    Answer as Confirmation, BeginAttempt, FinishAttempt, FinishedAttempt, RefuseAttempt,
};
use crate::objects::organisation::{PinTenant, SettlePin};
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
    let organisation = employee.organisation()?;
    let provisional = if confirmed {
        // First whether the sign-in still waits, then the pin, which decides a race, then the connection.
        let tenant = mailbox.call(&FinishedAttempt { id, session: session.clone() }).await?;
        organisation.call(&PinTenant { tenant, attempt: id }).await?
    } else {
        false
    };
    let around = employee.around()?;
    let call = Confirmation { id, session, confirmed, around };
    let outcome = mailbox.pass(&call, Duration::ZERO).await;
    let connected = match &outcome {
        Ok(_) => Some(true),
        Err(problem) if problem.code == Code::ConsentAttemptEnded => Some(false),
        // Whether it connected is not known: the pin stays.
        Err(_) => None,
    };
    if let Some(connected) = connected.filter(|_| provisional) {
        // A pin that can't be settled now stays provisional, and pins all the same.
        let _ = organisation.call(&SettlePin { attempt: id, connected }).await;
    }
    Ok(outcome?.some().map_or_else(no_content, Passed::into_response))
}
