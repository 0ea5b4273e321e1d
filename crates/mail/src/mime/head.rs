//! The header section of a message (RFC 5322 section 3.6), down to `MIME-Version`.

use api::Importance;
use mail_builder::Writer as _;
use mail_builder::headers::Header as _;
use mail_builder::headers::address::EmailAddress;
use mail_builder::headers::date::Date;
use mail_builder::headers::text::Text;

use super::output::Output;
use super::word::{is_fragile, write_words};
use super::{Bcc, MimeFrame};
use crate::{Correspondent, Message};

/// Writes every header but those that describe the body.
pub(super) fn write_head(message: &Message, frame: &MimeFrame, out: &mut Output) {
    out.write(b"Date: ");
    Date::new(frame.date.seconds()).write_header(out, "Date: ".len());
    write_addresses("From", std::slice::from_ref(&message.from), out);
    write_addresses("Reply-To", &message.reply_to, out);
    write_addresses("To", &message.to, out);
    write_addresses("Cc", &message.cc, out);
    match frame.bcc {
        Bcc::Kept => write_addresses("Bcc", &message.bcc, out),
        // RFC 5322 section 3.6.3 lets all three be absent; filters for junk don't like it.
        Bcc::Dropped if message.to.is_empty() && message.cc.is_empty() => {
            out.write(b"To: undisclosed-recipients:;\r\n");
        }
        Bcc::Dropped => {}
    }
    write_text("Subject", &message.subject, out);
    out.write(b"Message-ID: <");
    out.write(frame.message_id.as_str().as_bytes());
    out.write(b">\r\n");
    write_importance(message, out);
    for header in &message.headers {
        write_text(header.name(), header.value(), out);
    }
    out.write(b"MIME-Version: 1.0\r\n");
}

/// `Importance` (RFC 2156 section 5.3.4) is Outlook's, `X-Priority` everybody else's.
fn write_importance(message: &Message, out: &mut Output) {
    let (importance, priority) = match message.importance {
        Importance::Low => ("low", "5"),
        Importance::Normal => return,
        Importance::High => ("high", "1"),
    };
    write_text("Importance", importance, out);
    // The ERP's own header goes first: one name, one value.
    if !message.headers.iter().any(|header| header.name().eq_ignore_ascii_case("x-priority")) {
        write_text("X-Priority", priority, out);
    }
}

/// Writes an unstructured header (RFC 5322 section 2.2.1).
fn write_text(name: &str, value: &str, out: &mut Output) {
    out.write(name.as_bytes());
    out.write(b": ");
    if is_fragile(value) {
        write_words(value, name.len() + 2, out);
        out.write(b"\r\n");
    } else {
        Text::new(value).write_header(out, name.len() + 2);
    }
}

/// Writes a list of mailboxes, one a line; nothing for nobody.
fn write_addresses(name: &str, mailboxes: &[Correspondent], out: &mut Output) {
    let Some((last, others)) = mailboxes.split_last() else { return };
    out.write(name.as_bytes());
    out.write(b": ");
    let mut column = name.len() + 2;
    for one in others {
        out.write(&mailbox(one, column));
        out.write(b",\r\n ");
        column = 1;
    }
    out.write(&mailbox(last, column));
    out.write(b"\r\n");
}

/// One mailbox, beginning at that column, without a line end of its own.
fn mailbox(one: &Correspondent, column: usize) -> Vec<u8> {
    let mut out = Output::keeping(0);
    let address = one.address().as_str();
    match one.name() {
        Some(name) if is_fragile(name) => {
            write_words(name, column, &mut out);
            out.write(b"\r\n <");
            out.write(address.as_bytes());
            out.write(b">");
        }
        name => {
            EmailAddress { name: name.map(Into::into), email: address.into() }.write_header(&mut out, column);
        }
    }
    let mut bytes = out.into_bytes();
    bytes.truncate(bytes.trim_ascii_end().len());
    bytes
}
