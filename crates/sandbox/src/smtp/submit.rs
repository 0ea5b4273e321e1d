//! What Exchange says to a whole message, and what becomes of it.

use std::sync::Arc;

use mail_parser::{HeaderName, Message, MessageParser};

use crate::{
    account::Account,
    config::SendAsDenied,
    inbox::{Address, Envelope, Mail, parsed},
    random,
    smtp::{
        data::Collector,
        reply::{self, HOST},
        session::Login,
        transaction::Transaction,
    },
    state::{Sandbox, Store},
};

/// The mail and its Message-ID, or the reply that refuses it. In which order Exchange looks nobody knows [U].
pub(crate) fn judge(
    sandbox: &Arc<Sandbox>,
    login: &Login,
    transaction: Transaction,
    collector: Collector,
) -> Result<(Mail, String), String> {
    if collector.bare {
        return Err(reply::BARE_LINE_FEED.to_owned());
    }
    if collector.too_large() {
        return Err(reply::TOO_LARGE.to_owned());
    }
    if collector.long_line {
        return Err(reply::LONG_LINE.to_owned());
    }
    let raw = collector.bytes;
    let message = MessageParser::default().parse(&raw).ok_or(reply::UNREADABLE)?;
    let written = parsed::addresses(message.from());
    check_senders(&sandbox.store(), login, &transaction.mail_from, &senders(&message))?;
    if login.seat.one_too_many() {
        return Err(reply::too_many_connections());
    }
    let mailbox = today(&sandbox.store(), &login.mailbox).clone();
    if mailbox.smtp_mailbox_full {
        return Err(reply::mailbox_full());
    }
    if mailbox.smtp_quota_exceeded {
        return Err(reply::quota_exceeded());
    }

    let envelope_from = Address { address: transaction.mail_from.clone(), name: None };
    let from = written.into_iter().next().unwrap_or(envelope_from);
    let mut mail = parsed::mail(&message, "smtp", login.account.upn.clone(), from);
    let given_id = message.header_raw("Message-ID").map(|id| id.trim().to_owned());
    let message_id = given_id.clone().unwrap_or_else(|| format!("<{}@{HOST}>", random::guid()));
    // A message must have both: what the client left out is added [U].
    if given_id.is_none() {
        mail.headers.push(("Message-ID".to_owned(), message_id.clone()));
        mail.message_id = Some(message_id.clone());
    }
    if message.header_raw("Date").is_none() {
        mail.headers.push(("Date".to_owned(), sandbox.clock.now().to_rfc2822()));
    }
    let shown = |address: &str| {
        mail.to.iter().chain(&mail.cc).any(|shown| shown.address.eq_ignore_ascii_case(address))
    };
    let hidden = transaction.rcpt_to.iter().filter(|address| !shown(address));
    mail.bcc = hidden.map(|address| Address { address: address.clone(), name: None }).collect();
    mail.envelope = Some(Envelope {
        user: login.user.clone(),
        mail_from: transaction.mail_from,
        rcpt_to: transaction.rcpt_to,
    });
    drop(message);
    Ok((Mail { raw: Some(raw), ..mail }, message_id))
}

/// Of every such header: a second `From` hides nobody.
fn senders(message: &Message<'_>) -> Vec<Address> {
    let headers = message.headers().iter();
    let named = headers.filter(|header| matches!(header.name, HeaderName::From | HeaderName::Sender));
    named.flat_map(|header| parsed::addresses(header.value.as_address())).collect()
}

/// Envelope, `From` and `Sender` must all be the account's to use (section 6.6); of `Sender` it is not known [U].
fn check_senders(store: &Store, login: &Login, mail_from: &str, written: &[Address]) -> Result<(), String> {
    let all = std::iter::once(mail_from).chain(written.iter().map(|sender| sender.address.as_str()));
    let mut foreign = all.filter(|sender| !may_send(store, login, sender));
    match (foreign.next(), store.settings.smtp_send_as_denied) {
        (None, _) => Ok(()),
        (Some(sender), SendAsDenied::EndOfData) => Err(reply::send_as_denied(&login.account.upn, sender)),
        (Some(_), SendAsDenied::Early) => Err(reply::NOT_THE_SENDER.to_owned()),
    }
}

/// The account's own addresses and those of mailboxes it has Send As on, whichever mailbox it signed in to.
pub(crate) fn may_send(store: &Store, login: &Login, sender: &str) -> bool {
    let account = today(store, &login.account);
    let shared =
        |other: &Account| other.tid == account.tid && other.owns(sender) && account.may_send_for(other);
    account.owns(sender) || account.may_send_as(sender) || store.directory.accounts().iter().any(shared)
}

/// An account as it is by now.
fn today<'a>(store: &'a Store, account: &'a Account) -> &'a Account {
    store.directory.by_oid(&account.oid).unwrap_or(account)
}
