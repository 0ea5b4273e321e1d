//! A mail out of the bytes of a message: what both routes that carry MIME have in common.

use chrono::DateTime;
use mail_parser::{Message, MimeHeaders, PartType};

use crate::inbox::{Address, Attachment, Mail};

/// All that the message says itself; envelope, bytes and changes are the route's business. Headers are those written,
/// unfolded and undecoded.
pub(crate) fn mail(message: &Message<'_>, route: &'static str, account: String, from: Address) -> Mail {
    Mail {
        id: 0,
        received_at: DateTime::UNIX_EPOCH,
        route,
        account,
        from,
        to: addresses(message.to()),
        cc: addresses(message.cc()),
        bcc: addresses(message.bcc()),
        reply_to: addresses(message.reply_to()),
        subject: message.subject().unwrap_or_default().to_owned(),
        importance: importance(message),
        headers: message.headers_raw().map(|(name, value)| (name.to_owned(), unfolded(value))).collect(),
        message_id: message.header_raw("Message-ID").map(unfolded),
        text: message.text_bodies().find_map(|part| match &part.body {
            PartType::Text(text) => Some(text.to_string()),
            _ => None,
        }),
        html: message.html_bodies().find_map(|part| match &part.body {
            PartType::Html(html) => Some(html.to_string()),
            _ => None,
        }),
        // There is no place to say otherwise: by SMTP documented (section 6.1), with Graph's MIME [U].
        saved_to_sent: true,
        attachments: message.attachments().map(attachment).collect(),
        envelope: None,
        raw: None,
    }
}

pub(crate) fn addresses(header: Option<&mail_parser::Address<'_>>) -> Vec<Address> {
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
