use api::{Code, FieldError, KeyId, MailboxId, Problem, Timestamp};
use mail::EmailAddress;
use serde::{Deserialize, Serialize};

use super::super::sql::{from_json, to_json};
use super::{Sql, calls, mailboxes, profile};

calls! {
    /// Keeps a new API key's hash.
    AddKey {
        id: KeyId,
        hash: String,
        name: String,
        mailboxes: Option<Vec<MailboxId>>,
        at: Timestamp,
    } -> (), "add_key";

    /// Asks whether a key still holds, and which mailbox it leads to.
    UseKey {
        id: KeyId,
        hash: String,
        wanted: KeyUse,
    } -> Option<MailboxId>, "use_key";

    /// Asks which mailboxes a key leads to.
    KeyMailboxes {
        id: KeyId,
        hash: String,
    } -> Vec<KeyMailbox>, "key_mailboxes";
}

/// What a key is used for.
#[derive(Serialize, Deserialize)]
pub(crate) enum KeyUse {
    /// To send from an address.
    SendFrom(String),
    /// To look at something in a mailbox.
    See(MailboxId),
    /// To make a link into the organisation's pages.
    Link,
}

/// A mailbox that a key leads to.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeyMailbox {
    pub(crate) id: MailboxId,
    pub(crate) addresses: Vec<String>,
}

impl KeyMailbox {
    /// Whether mail from that address goes through it.
    pub(crate) fn sends_from(&self, from: &str) -> bool {
        let address = from.parse::<EmailAddress>();
        address.is_ok_and(|address| self.addresses.iter().any(|one| address.names_same_mailbox(one)))
    }
}

/// Why nothing may be sent from an address.
pub(crate) fn not_allowed(from: &str, usable: &[KeyMailbox]) -> Problem {
    let allowed = usable.iter().flat_map(|one| one.addresses.clone()).collect::<Vec<_>>().join(", ");
    Problem::new(Code::SenderNotAllowed, format!("{from} is not an address that this key may send from"))
        .with_param("allowed", &allowed)
        .with_errors(vec![FieldError {
            pointer: "/from".to_owned(),
            detail: "choose one of the addresses in allowed".to_owned(),
        }])
}

pub(super) fn add_key(sql: &Sql, call: &AddKey) -> Result<(), Problem> {
    profile::profile(sql)?;
    let mailboxes = call.mailboxes.as_ref().map(to_json).transpose()?;
    sql.run(
        "INSERT INTO api_key (id, name, hash, mailboxes, at) VALUES (?, ?, ?, ?, ?)",
        vec![
            call.id.to_string().into(),
            call.name.as_str().into(),
            call.hash.as_str().into(),
            mailboxes.into(),
            call.at.millis().into(),
        ],
    )
}

pub(super) fn use_key(sql: &Sql, call: &UseKey) -> Result<Option<MailboxId>, Problem> {
    let usable = key_mailboxes(sql, &KeyMailboxes { id: call.id, hash: call.hash.clone() })?;
    match &call.wanted {
        KeyUse::SendFrom(from) => {
            let found = usable.iter().find(|mailbox| mailbox.sends_from(from));
            found.map(|mailbox| Some(mailbox.id)).ok_or_else(|| not_allowed(from, &usable))
        }
        KeyUse::See(id) => {
            let found = usable.iter().find(|mailbox| mailbox.id == *id);
            found
                .map(|mailbox| Some(mailbox.id))
                .ok_or_else(|| Problem::new(Code::NotFound, "this key sees no such mailbox"))
        }
        KeyUse::Link => Ok(None),
    }
}

pub(super) fn key_mailboxes(sql: &Sql, call: &KeyMailboxes) -> Result<Vec<KeyMailbox>, Problem> {
    profile::profile(sql)?;
    let id = vec![call.id.to_string().into()];
    let revoked = || Problem::new(Code::CredentialsRefused, "this key was revoked");
    let row = sql.row("SELECT hash, mailboxes FROM api_key WHERE id = ?", id)?;
    let mut row = row.ok_or_else(revoked)?;
    if !gateway::sealing::same_secret(row.text()?.as_bytes(), call.hash.as_bytes()) {
        return Err(revoked());
    }
    let only: Option<Vec<MailboxId>> = row.optional_text()?.as_deref().map(from_json).transpose()?;
    let listed = mailboxes::listed(sql)?.into_iter();
    Ok(listed
        .filter(|mailbox| only.as_ref().is_none_or(|only| only.contains(&mailbox.id)))
        .map(|mailbox| KeyMailbox { id: mailbox.id, addresses: mailbox.addresses })
        .collect())
}
