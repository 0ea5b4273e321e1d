use api::{Code, FieldError, MailboxId, MailboxSummary, Problem};
use mail::EmailAddress;

use super::super::sql::{Row, from_json, to_json};
use super::{Sql, calls, profile};

calls! {
    /// Lists a new mailbox, before it is made.
    AddMailbox {
        id: MailboxId,
        address: String,
    } -> (), "add_mailbox";

    /// Notes which addresses lead to a mailbox: its own first, then its aliases.
    ///
    /// A save notes old and new ones together before the mailbox changes, and the new ones alone afterwards, so that a crash
    /// in between leaves an address too many, which the mailbox itself still refuses, and never one too few.
    SetAddresses {
        id: MailboxId,
        addresses: Vec<String>,
        keep_old: bool,
    } -> (), "set_addresses";

    /// Lists the mailboxes, oldest first.
    ListMailboxes {} -> Vec<MailboxSummary>, "list_mailboxes";
}

/// Mailboxes that one organisation can have; a company has tens.
const MAILBOXES_MAX: usize = 500;

/// One row of the list.
pub(super) struct Listed {
    pub(super) id: MailboxId,
    pub(super) addresses: Vec<String>,
}

impl Listed {
    pub(super) fn has(&self, address: &EmailAddress) -> bool {
        self.addresses.iter().any(|one| address.names_same_mailbox(one))
    }
}

pub(super) fn add_mailbox(sql: &Sql, call: &AddMailbox) -> Result<(), Problem> {
    profile::profile(sql)?;
    let listed = listed(sql)?;
    if listed.len() >= MAILBOXES_MAX {
        let detail = format!("an organisation has at most {MAILBOXES_MAX} mailboxes");
        return Err(Problem::new(Code::FieldsRefused, detail));
    }
    let addresses = vec![call.address.clone()];
    refuse_taken(&listed, call.id, &addresses, "/address")?;
    write(sql, call.id, &addresses)
}

pub(super) fn set_addresses(sql: &Sql, call: &SetAddresses) -> Result<(), Problem> {
    profile::profile(sql)?;
    let listed = listed(sql)?;
    refuse_taken(&listed, call.id, &call.addresses, "/settings/address")?;
    let own = listed.iter().find(|listed| listed.id == call.id);
    let own = own.ok_or_else(|| Problem::new(Code::NotFound, "there is no such mailbox"))?;
    let mut addresses = if call.keep_old { own.addresses.clone() } else { Vec::new() };
    addresses.extend(call.addresses.iter().cloned());
    if addresses == own.addresses { Ok(()) } else { write(sql, call.id, &addresses) }
}

pub(super) fn list_mailboxes(sql: &Sql) -> Result<Vec<MailboxSummary>, Problem> {
    profile::profile(sql)?;
    let listed = listed(sql)?.into_iter();
    Ok(listed
        .map(|mailbox| MailboxSummary {
            id: mailbox.id,
            address: mailbox.addresses.into_iter().next().unwrap_or_default(),
        })
        .collect())
}

pub(super) fn listed(sql: &Sql) -> Result<Vec<Listed>, Problem> {
    let rows = sql.rows("SELECT id, addresses FROM mailbox ORDER BY id", Vec::new())?;
    let read = |mut row: Row| Ok(Listed { id: row.id()?, addresses: from_json(&row.text()?)? });
    rows.into_iter().map(read).collect()
}

fn write(sql: &Sql, id: MailboxId, addresses: &[String]) -> Result<(), Problem> {
    let values = vec![id.to_string().into(), to_json(&addresses)?.into()];
    sql.run("INSERT OR REPLACE INTO mailbox (id, addresses) VALUES (?, ?)", values)
}

/// `from` leads to one mailbox: an address that another one has is refused.
fn refuse_taken(
    listed: &[Listed],
    id: MailboxId,
    addresses: &[String],
    pointer: &str,
) -> Result<(), Problem> {
    let taken = addresses.iter().find(|address| {
        let parsed = address.parse::<EmailAddress>();
        parsed.is_ok_and(|address| listed.iter().any(|listed| listed.id != id && listed.has(&address)))
    });
    let Some(address) = taken else { return Ok(()) };
    let detail = format!("{address} belongs to another mailbox of this organisation");
    let error = FieldError { pointer: pointer.to_owned(), detail: detail.clone() };
    Err(Problem::new(Code::FieldsRefused, detail).with_errors(vec![error]))
}
