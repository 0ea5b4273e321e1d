use serde::{Deserialize, Serialize};

use crate::{CreateMailbox, KeyId, LinkId, MailboxId, OrganisationId, Timestamp};

/// `POST /operator/organisations`: makes an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateOrganisation {
    /// What people call it; shown on its pages.
    pub name: String,
    /// The Microsoft tenant (directory) id its mailboxes must belong to. Left out: the first sign-in proposes one, and
    /// a person confirms it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Mailboxes to make at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mailboxes: Vec<CreateMailbox>,
}

/// The answer to [`CreateOrganisation`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedOrganisation {
    /// Its id, for every later call.
    pub id: OrganisationId,
    /// The ids of the mailboxes asked for, in the order asked.
    pub mailboxes: Vec<MailboxId>,
}

/// The answer to [`CreateMailbox`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedMailbox {
    /// Its id.
    pub id: MailboxId,
}

/// `POST /operator/organisations/{organisation}/keys`: makes an API key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateKey {
    /// What the key is for, e.g. "ERP acceptance".
    pub name: String,
    /// The mailboxes it may send as; left out, all of the organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailboxes: Option<Vec<MailboxId>>,
}

/// The answer to [`CreateKey`]: the only time the key is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedKey {
    /// Its id, for revoking.
    pub id: KeyId,
    /// The key itself: `pb_live_…`.
    pub key: String,
}

/// `POST /operator/organisations/{organisation}/links` (operator) or `POST /v1/links` (ERP): makes a link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateLink {}

/// The answer to [`CreateLink`]: the only time the link is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedLink {
    /// Its id.
    pub id: LinkId,
    /// The URL to open in a browser, once.
    pub url: String,
    /// Until when it can be opened.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for CreatedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedKey").field("id", &self.id).field("key", &"[redacted]").finish()
    }
}

impl std::fmt::Debug for CreatedLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedLink")
            .field("id", &self.id)
            .field("url", &"[redacted]")
            .finish_non_exhaustive()
    }
}
