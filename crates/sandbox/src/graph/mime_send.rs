//! `sendMail` as base64 of a whole RFC 5322 message (section 4.2).
//!
//! What Exchange does to it, as observed: From becomes the mailbox, Date is replaced, `X-` headers are stripped,
//! `Message-ID`, `In-Reply-To` and `References` stay; recipients come from To, Cc and Bcc, and Bcc is removed.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::DateTime;
use mail_parser::{Message, MessageParser, MimeHeaders, PartType};

use crate::{
    account::Account,
    graph::{
        bearer::Caller,
        envelope,
        errors::{self, Rejected},
    },
    inbox::{Address, Attachment, Mail},
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

    let (to, cc, bcc) = (addresses(message.to()), addresses(message.cc()), addresses(message.bcc()));
    envelope::check_recipients([&to, &cc, &bcc])?;
    let subject = message.subject().unwrap_or_default().to_owned();
    let attachments: Vec<Attachment> = message.attachments().map(attachment).collect();
    envelope::check_limits(&subject, attachments.len())?;
    Ok(Mail {
        id: 0,
        received_at: DateTime::UNIX_EPOCH,
        route: "graph-mime",
        account: caller.account.upn.clone(),
        from: envelope::own_address(mailbox),
        to,
        cc,
        bcc,
        reply_to: addresses(message.reply_to()),
        importance: importance(&message),
        headers: kept_headers(&message),
        text: message.text_bodies().find_map(|part| match &part.body {
            PartType::Text(text) => Some(text.to_string()),
            _ => None,
        }),
        html: message.html_bodies().find_map(|part| match &part.body {
            PartType::Html(html) => Some(html.to_string()),
            _ => None,
        }),
        subject,
        // There is no place to say otherwise [U].
        saved_to_sent: true,
        attachments,
    })
}

fn addresses(header: Option<&mail_parser::Address<'_>>) -> Vec<Address> {
    let all = header.into_iter().flat_map(|list| list.iter());
    all.map(|one| Address {
        address: one.address().unwrap_or_default().to_owned(),
        name: one.name().map(str::to_owned),
    })
    .collect()
}

fn importance(message: &Message<'_>) -> String {
    let given = message.header_raw("Importance").map(|value| value.trim().to_ascii_lowercase());
    given.filter(|value| ["low", "high"].contains(&value.as_str())).unwrap_or_else(|| "normal".to_owned())
}

/// What a recipient would still find. `Date` is Exchange's own by then, so the sender's is not shown.
fn kept_headers(message: &Message<'_>) -> Vec<(String, String)> {
    let gone = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.starts_with("x-") || ["bcc", "date", "from"].contains(&name.as_str())
    };
    let all = message.headers_raw().filter(|(name, _)| !gone(name));
    all.map(|(name, value)| (name.to_owned(), unfolded(value))).collect()
}

fn unfolded(value: &str) -> String {
    value.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

fn attachment(part: &mail_parser::MessagePart<'_>) -> Attachment {
    let kind = part.content_type().map(|kind| match kind.subtype() {
        Some(subtype) => format!("{}/{subtype}", kind.ctype()),
        None => kind.ctype().to_owned(),
    });
    Attachment {
        filename: part.attachment_name().map(str::to_owned),
        content_type: kind.unwrap_or_else(|| "text/plain".to_owned()),
        content_id: part.content_id().map(str::to_owned),
        inline: part.content_disposition().is_some_and(mail_parser::ContentType::is_inline),
        content: part.contents().to_vec(),
    }
}
