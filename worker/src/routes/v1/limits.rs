use api::{
    ATTACHMENTS_MAX, BATCH_MESSAGES_MAX, FORM_REQUEST_BYTES_MAX, HEADERS_MAX, IDEMPOTENCY_DAYS, LimitsView,
    RAW_REQUEST_BYTES_MAX, RECIPIENTS_MAX, REQUEST_BYTES_MAX, SCHEDULED_DAYS_MAX, SUBJECT_CHARS_MAX,
    WAIT_SECONDS_MAX,
};

use crate::objects::Object;
use crate::objects::mailbox::AskLimits;
use crate::routes::answer::{Answer, Json};
use crate::routes::auth::Erp;

/// `GET /v1/limits`: what a caller may send, and how much is left of the day.
#[worker::send]
pub(super) async fn show(erp: Erp) -> Answer<Json<LimitsView>> {
    let mailboxes = erp.mailboxes().await?;
    let mailboxes: Vec<_> =
        mailboxes.iter().map(|mailbox| erp.mailbox(mailbox.id)).collect::<Result<_, _>>()?;
    let limits = &erp.installation.config.limits;
    Ok(Json(LimitsView {
        json_request_bytes_max: wide(REQUEST_BYTES_MAX),
        form_request_bytes_max: wide(FORM_REQUEST_BYTES_MAX),
        raw_request_bytes_max: wide(RAW_REQUEST_BYTES_MAX),
        batch_messages_max: narrow(BATCH_MESSAGES_MAX),
        recipients_max: narrow(RECIPIENTS_MAX),
        attachments_max: narrow(ATTACHMENTS_MAX),
        headers_max: narrow(HEADERS_MAX),
        subject_chars_max: narrow(SUBJECT_CHARS_MAX),
        wait_seconds_max: WAIT_SECONDS_MAX,
        scheduled_days_max: SCHEDULED_DAYS_MAX,
        idempotency_days: IDEMPOTENCY_DAYS,
        messages_per_minute: limits.per_minute,
        recipients_per_day: limits.recipients_per_day,
        mailboxes: Object::call_each(&mailboxes, &AskLimits {}).await?,
    }))
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
