use std::cmp::Reverse;

use api::{
    Code, FieldError, LIST_MESSAGES_MAX, MailboxId, MessageId, MessageList, MessageState, Problem, Timestamp,
};
use axum::http::Uri;
use serde::Deserialize;

use crate::objects::Object;
use crate::objects::mailbox::ListMessages;
use crate::routes::answer::{Answer, Json};
use crate::routes::auth::Erp;

/// Messages of one page unless the caller says otherwise.
const LIMIT_DEFAULT: usize = 50;

/// What `GET /v1/messages` can be asked.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Filters {
    /// Words with commas between them.
    state: Option<String>,
    mailbox: Option<MailboxId>,
    from: Option<String>,
    reference: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    cursor: Option<MessageId>,
    limit: Option<usize>,
}

/// `GET /v1/messages`: messages of the key's mailboxes, newest first.
#[worker::send]
pub(super) async fn list(erp: Erp, uri: Uri) -> Answer<Json<MessageList>> {
    let filters: Filters = serde_urlencoded::from_str(uri.query().unwrap_or_default())
        .map_err(|error| Problem::new(Code::MalformedRequest, error.to_string()))?;
    let limit = filters.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIST_MESSAGES_MAX).contains(&limit) {
        return Err(wrong("limit", format!("a page has 1 to {LIST_MESSAGES_MAX} messages")).into());
    }
    let call = ListMessages {
        states: states(filters.state.as_deref())?,
        reference: filters.reference,
        since: filters.since,
        until: filters.until,
        before: filters.cursor,
        // One more tells whether there is another page.
        limit: limit + 1,
    };
    let mut mailboxes = erp.mailboxes().await?;
    mailboxes.retain(|mailbox| {
        filters.mailbox.is_none_or(|wanted| wanted == mailbox.id)
            && filters.from.as_deref().is_none_or(|from| mailbox.sends_from(from))
    });
    let mailboxes: Vec<_> =
        mailboxes.iter().map(|mailbox| erp.mailbox(mailbox.id)).collect::<Result<_, _>>()?;
    let mut messages = Object::call_each(&mailboxes, &call).await?.concat();
    messages.sort_by_key(|message| Reverse(message.id));
    let more = messages.len() > limit;
    messages.truncate(limit);
    let next_cursor = messages.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Json(MessageList { messages, next_cursor }))
}

fn states(text: Option<&str>) -> Result<Vec<MessageState>, Problem> {
    let words = text.unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty());
    let read = |word: &str| MessageState::ALL.into_iter().find(|state| state.as_str() == word);
    words
        .map(|word| {
            read(word).ok_or_else(|| {
                let known = MessageState::ALL.map(MessageState::as_str).join(", ");
                wrong("state", format!("there is no state {word:?}; the states are {known}"))
            })
        })
        .collect()
}

fn wrong(field: &str, detail: String) -> Problem {
    let error = FieldError { pointer: format!("/{field}"), detail: detail.clone() };
    Problem::new(Code::FieldsRefused, detail).with_errors(vec![error])
}
