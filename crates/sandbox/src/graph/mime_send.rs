//! `sendMail` as base64 of a whole RFC 5322 message (section 4.2).
//!
//! What Exchange does to it, as observed: From becomes the mailbox, Date is replaced, `X-` headers are stripped,
//! `Message-ID`, `In-Reply-To` and `References` stay; recipients come from To, Cc and Bcc, and Bcc is removed.

use base64::{Engine, engine::general_purpose::STANDARD};
use mail_parser::MessageParser;

use crate::{
    account::Account,
    graph::{
        bearer::Caller,
        envelope,
        errors::{self, Rejected},
    },
    inbox::{Mail, parsed},
    scopes::MAIL_SEND,
};

pub(crate) fn read(bytes: &[u8], caller: &Caller, mailbox: &Account) -> Result<Mail, Rejected> {
    if !caller.has(MAIL_SEND) {
        return Err(errors::access_denied().into());
    }
    // Lines may be wrapped; nothing else may be in it.
    let packed: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let raw = STANDARD.decode(packed).map_err(|_| errors::mime_not_base64())?;
    let message = MessageParser::default().parse(&raw).ok_or_else(errors::recipients_invalid)?;
    let from = envelope::own_address(mailbox);
    let mut mail = parsed::mail(&message, "graph-mime", caller.account.upn.clone(), from);
    envelope::check_recipients([&mail.to, &mail.cc, &mail.bcc])?;
    envelope::check_limits(&mail.subject, mail.attachments.len())?;
    mail.headers.retain(|(name, _)| stays(name));
    Ok(mail)
}

/// What a recipient would still find. `Date` is Exchange's own by then, so the sender's is not shown.
fn stays(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !name.starts_with("x-") && !["bcc", "date", "from"].contains(&name.as_str())
}
