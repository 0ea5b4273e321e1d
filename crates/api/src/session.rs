use serde::{Deserialize, Serialize};

use crate::{MailboxSummary, OrganisationId, Timestamp};

/// `POST /api/session`: trades a link for a session cookie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenSession {
    /// What stood behind the `#` of the link.
    pub link: String,
}

/// `GET /api/session`: whose pages these are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// The organisation that the link opened.
    pub organisation: OrganisationId,
    /// Its name, as the operator wrote it.
    pub name: String,
    /// Its mailboxes, oldest first.
    pub mailboxes: Vec<MailboxSummary>,
    /// When the session ends by itself.
    pub ends_at: Timestamp,
}
