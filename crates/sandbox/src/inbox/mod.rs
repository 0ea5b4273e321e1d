//! What was sent: kept here, shown as pages for people and as JSON for tests.

mod attachment;
mod json;
mod page_list;
mod page_mail;
pub(crate) mod parsed;
mod preview;
mod raw;

use std::sync::Arc;

use axum::{Router, routing::get};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::state::Sandbox;

pub(crate) fn routes() -> Router<Arc<Sandbox>> {
    Router::new()
        .route("/inbox", get(page_list::show))
        .route("/inbox.json", get(json::list).delete(json::clear))
        .route("/inbox/{id}", get(page_mail::show))
        .route("/inbox/{id}/html", get(preview::show))
        .route("/inbox/{id}/raw", get(raw::download))
        .route("/inbox/{id}/attachments/{index}", get(attachment::download))
}

/// A name and an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Address {
    pub(crate) address: String,
    pub(crate) name: Option<String>,
}

/// One mail as its recipients would get it, plus the envelope.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    /// Given by [`Inbox::receive`].
    pub(crate) id: u64,
    pub(crate) received_at: DateTime<Utc>,
    /// `graph-json`, `graph-mime` or `smtp`.
    pub(crate) route: &'static str,
    /// Who was signed in, which with Send As is not who it is from.
    pub(crate) account: String,
    pub(crate) from: Address,
    pub(crate) to: Vec<Address>,
    pub(crate) cc: Vec<Address>,
    /// Envelope only: no recipient sees it.
    pub(crate) bcc: Vec<Address>,
    pub(crate) reply_to: Vec<Address>,
    pub(crate) subject: String,
    pub(crate) importance: String,
    pub(crate) headers: Vec<(String, String)>,
    /// As it was sent, with its angle brackets; `None` where the client left it to Microsoft.
    pub(crate) message_id: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) html: Option<String>,
    pub(crate) saved_to_sent: bool,
    pub(crate) attachments: Vec<Attachment>,
    /// Only SMTP has one.
    pub(crate) envelope: Option<Envelope>,
    /// Only by SMTP does a message arrive as it was sent.
    pub(crate) raw: Option<Vec<u8>>,
}

/// What an SMTP client said around the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Envelope {
    /// The mailbox it signed in to: `user=`.
    pub(crate) user: String,
    pub(crate) mail_from: String,
    pub(crate) rcpt_to: Vec<String>,
}

/// A file of a mail.
#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    pub(crate) filename: Option<String>,
    pub(crate) content_type: String,
    pub(crate) content_id: Option<String>,
    pub(crate) inline: bool,
    pub(crate) content: Vec<u8>,
}

/// The query that picks one account's mail out of all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whose {
    /// A user name; else everybody's.
    account: Option<String>,
}

impl Whose {
    fn is(&self, mail: &Mail) -> bool {
        self.account.as_ref().is_none_or(|account| account.eq_ignore_ascii_case(&mail.account))
    }
}

/// All mail of a run, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    mails: Vec<Arc<Mail>>,
    received: u64,
}

impl Inbox {
    /// Keeps the mail under the next id. Ids are not used again after clearing.
    pub(crate) fn receive(&mut self, mail: Mail) {
        self.received += 1;
        self.mails.push(Arc::new(Mail { id: self.received, ..mail }));
    }

    pub(crate) fn mails(&self) -> &[Arc<Mail>] {
        &self.mails
    }

    pub(crate) fn of(&self, whose: &Whose) -> Vec<Arc<Mail>> {
        self.mails.iter().filter(|mail| whose.is(mail)).cloned().collect()
    }

    pub(crate) fn find(&self, id: u64) -> Option<Arc<Mail>> {
        self.mails.iter().find(|mail| mail.id == id).cloned()
    }

    pub(crate) fn clear(&mut self, whose: &Whose) {
        self.mails.retain(|mail| !whose.is(mail));
    }
}
