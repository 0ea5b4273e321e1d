//! `sendMail` as JSON (sections 4.1, 4.4).

use chrono::DateTime;
use serde_json::error::Category;

use crate::{
    account::Account,
    graph::{
        bearer::Caller,
        envelope,
        errors::{self, GraphError, Rejected},
        json_attachment,
        json_message::{BodyKind, Header, Importance, Recipient, SendMail},
    },
    inbox::{Address, Mail},
};

/// Section 4.4.
const HEADERS_MAX: usize = 5;

pub(crate) fn read(bytes: &[u8], caller: &Caller, mailbox: &Account) -> Result<Mail, Rejected> {
    let request: SendMail = serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        Category::Data => errors::body_unreadable(error),
        Category::Io | Category::Syntax | Category::Eof => errors::json_unreadable(),
    })?;
    let message = request.message.ok_or_else(errors::message_empty)?;
    if let Some(property) = message.beyond_the_sandbox() {
        return Err(Rejected::NotImplemented(format!("the property {property} of a message")));
    }
    let from = match &message.from {
        Some(from) => address(from)?,
        None => envelope::own_address(mailbox),
    };
    envelope::check_from(&from.address, caller)?;
    let from = Address { name: from.name.or_else(|| own_name(mailbox, &from.address)), ..from };
    let (to, cc) = (addresses(&message.to_recipients)?, addresses(&message.cc_recipients)?);
    let bcc = addresses(&message.bcc_recipients)?;
    envelope::check_recipients([&to, &cc, &bcc])?;
    let reply_to = addresses(&message.reply_to)?;
    if reply_to.iter().any(|address| !envelope::plausible(&address.address)) {
        return Err(errors::recipients_invalid().into());
    }
    let message_id = message.internet_message_id;
    if message_id.as_deref().is_some_and(|id| !envelope::is_message_id(id)) {
        return Err(errors::message_id_invalid().into());
    }
    let headers = headers(message.internet_message_headers.as_deref())?;
    let subject = message.subject.unwrap_or_default();
    envelope::check_limits(&subject, message.attachments.len())?;
    let attachments = message.attachments.iter().map(json_attachment::read).collect::<Result<_, _>>()?;
    let (text, html) = match message.body {
        None => (None, None),
        Some(body) => match body.content_type {
            Some(BodyKind::Html) => (None, body.content),
            Some(BodyKind::Text) | None => (body.content, None),
        },
    };
    Ok(Mail {
        id: 0,
        received_at: DateTime::UNIX_EPOCH,
        route: "graph-json",
        account: caller.account.upn.clone(),
        from,
        to,
        cc,
        bcc,
        reply_to,
        subject,
        importance: message.importance.unwrap_or(Importance::Normal).name().to_owned(),
        headers,
        message_id,
        text,
        html,
        saved_to_sent: request.save_to_sent_items.unwrap_or(true),
        attachments,
        envelope: None,
        raw: None,
    })
}

/// Five at most, never an empty list, names with `x-` (section 4.4).
fn headers(given: Option<&[Header]>) -> Result<Vec<(String, String)>, GraphError> {
    let Some(given) = given else {
        return Ok(Vec::new());
    };
    if given.is_empty() {
        return Err(errors::no_headers());
    }
    if given.len() > HEADERS_MAX {
        return Err(errors::too_many_headers());
    }
    let read = |header: &Header| {
        let starts_right = header.name.len() > 2 && header.name.to_ascii_lowercase().starts_with("x-");
        let odd = |c: char| !c.is_ascii_graphic() || c == ':';
        // A line break would be another header; Graph's own text for it is unknown [U].
        if !starts_right || header.name.contains(odd) || header.value.contains(['\r', '\n']) {
            return Err(errors::header_invalid(&header.name));
        }
        Ok((header.name.clone(), header.value.clone()))
    };
    given.iter().map(read).collect()
}

fn addresses(recipients: &[Recipient]) -> Result<Vec<Address>, GraphError> {
    recipients.iter().map(address).collect()
}

fn address(recipient: &Recipient) -> Result<Address, GraphError> {
    let address = recipient.email_address.address.clone().ok_or_else(errors::recipients_invalid)?;
    let name = recipient.email_address.name.clone().filter(|name| !name.is_empty());
    Ok(Address { address, name })
}

fn own_name(mailbox: &Account, address: &str) -> Option<String> {
    mailbox.owns(address).then(|| mailbox.name.clone())
}
