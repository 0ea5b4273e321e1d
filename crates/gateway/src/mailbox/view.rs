//! The E-mail server page of a mailbox.

use api::{
    ApprovalView, Code, Delay, Kind, MailboxLimits, MailboxView, Problem, RegistrationView, Timestamp,
};
use microsoft::{Endpoints, Sending};

use super::{Context, MailboxRecord, Situation, state};
use crate::outbox::{Circuit, Limits, Unbooked, message_bytes_effective};
use crate::sign_in::{ATTEMPT_SECONDS, Progress};
use crate::store::Store;
use crate::tokens::{Trouble, view as authentication_view};

/// What the page shows beside what the mailbox knows.
#[derive(Clone, Debug)]
pub struct Page {
    /// The endpoints of the installation, of every cloud.
    pub endpoints: Endpoints,
    /// Whether the installation has a relay for mail servers.
    pub installation_relay: bool,
    /// The app registration in use.
    pub registration: RegistrationView,
    /// What an administrator would be asked; its `since` is the mailbox's to say.
    pub approval: ApprovalView,
}

/// The E-mail server page as it is now.
pub fn view(store: &Store, page: Page, context: &Context<'_>) -> Result<MailboxView, Problem> {
    store.expect_created()?;
    let now = context.now;
    let mailbox = store.records().mailbox()?;
    let authentication = store.records().authentication()?;
    let kind = mailbox.settings.kind;
    let signing_in = store.consent_attempts().latest()?.is_some_and(|record| {
        matches!(record.progress, Progress::Begun | Progress::Redeeming)
            && now.since(record.attempt.begun_at) < i64::from(ATTEMPT_SECONDS) * 1000
    });
    let delay = delay(store, context)?;
    let held = store.messages().held_by_reason()?;
    let unseen = store.records().outbox()?.unseen;
    let state = state(Situation {
        kind,
        authentication: authentication.as_ref(),
        signing_in,
        approval_asked: mailbox.approval_asked_at.is_some(),
        removed: mailbox.removed_at.is_some(),
        delayed: delay.is_some(),
        access_code_missing: mailbox.lacks_access_code(),
        server_refuses: mailbox.server_trouble.is_some(),
        needs_attention: !held.is_empty() || !unseen.is_empty(),
    });
    let sending = Sending::from(&mailbox.settings);
    Ok(MailboxView {
        id: mailbox.id,
        version: mailbox.version,
        message_bytes_effective: message_bytes_effective(&mailbox.settings),
        access_code_stored: mailbox.access_code.is_some(),
        relay_key_stored: mailbox.relay_key.is_some(),
        installation_relay: page.installation_relay,
        state,
        trouble: trouble_of(&mailbox, authentication.as_ref()).map(Trouble::view),
        authentication: authentication
            .as_ref()
            .map(|record| authentication_view(record, sending, &page.endpoints.of(record.cloud), now)),
        delay,
        held: held
            .into_iter()
            .map(|rows| api::HeldCount { code: rows.code, count: rows.count, since: rows.since })
            .collect(),
        attention: api::Attention { refused: unseen.refused, unknown: unseen.unknown, since: unseen.since },
        approval: mailbox.approval_asked_at.map(|since| ApprovalView { since, ..page.approval }),
        removed_at: mailbox.removed_at,
        registration: kind.signs_in().then_some(page.registration),
        waiting: store.messages().count_open()?,
        handed_over_at: store.messages().handed_over_at()?.max(mailbox.handed_over_at),
        settings: mailbox.settings,
        now,
    })
}

/// How much the mailbox can take.
pub fn limits(store: &Store, context: &Context<'_>) -> Result<MailboxLimits, Problem> {
    store.expect_created()?;
    let mailbox = store.records().mailbox()?;
    let outbox = store.records().outbox()?;
    Ok(MailboxLimits {
        id: mailbox.id,
        message_bytes_max: message_bytes_effective(&mailbox.settings),
        kind: mailbox.settings.kind,
        address: mailbox.settings.address,
        waiting: store.messages().count_open()?,
        recipients_left: outbox.rate_limit.recipients_left(context.limits, context.now),
    })
}

/// Why messages wait though nobody needs to do anything: an outage, a pause, the day's recipients, or another try.
fn delay(store: &Store, context: &Context<'_>) -> Result<Option<Delay>, Problem> {
    let now = context.now;
    if let Some(next) = store.messages().next_due(now)? {
        let outbox = store.records().outbox()?;
        if let Circuit::Open(at) = outbox.breaker.circuit() {
            let detail = "a message got no answer; the others wait until the other side answers again";
            let (code, detail) = (Code::MicrosoftUnavailable, detail.to_owned());
            return Ok(Some(Delay { code, detail, until: at.max(now) }));
        }
        if outbox.paused_until(now) > now {
            return Ok(outbox.pause);
        }
        // What the minute holds up is gone before anybody has read why.
        let day = Limits { per_minute: 0, ..context.limits };
        let recipients = next.open_recipients();
        let until = outbox.rate_limit.next_start(day, recipients, Unbooked::default(), now);
        if until > now {
            let detail = "the mailbox has written to as many recipients as it may in a day".to_owned();
            return Ok(Some(Delay { code: Code::QuotaReached, detail, until }));
        }
    }
    Ok(store.messages().next_retry()?.and_then(|message| {
        let failure = message.failure()?.clone();
        let until: Timestamp = message.next_attempt_at()?;
        Some(Delay { code: failure.code, detail: failure.detail, until })
    }))
}

fn trouble_of<'t>(
    mailbox: &'t MailboxRecord,
    authentication: Option<&'t crate::tokens::Authentication>,
) -> Option<&'t Trouble> {
    if mailbox.settings.kind == Kind::SmtpBasic {
        mailbox.server_trouble.as_ref()
    } else {
        authentication.and_then(|record| record.trouble.as_ref())
    }
}
