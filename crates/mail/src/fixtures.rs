//! A set of real messages that every route is tested with, so that what one route makes of a mail can be compared with
//! what another does.
//!
//! All are invented: no company, person or address in them is anybody's.

use api::{Attachment, Importance, Recipients, SendMessage};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// An invoice of one page.
pub const INVOICE_PDF: &[u8] = include_bytes!("../tests/data/invoice.pdf");
/// A logo of 96 by 48 pixels.
pub const LOGO_PNG: &[u8] = include_bytes!("../tests/data/logo.png");

/// Where the addresses of the data files are put in.
const SENDER: &str = "sender@fixture.example";
const RECIPIENT: &str = "recipient@fixture.example";
const INVITATION_ICS: &str = include_str!("../tests/data/invitation.ics");
const REMINDER_EML: &str = include_str!("../tests/data/reminder.eml");

/// One message of the set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixture {
    /// What it is called in a test's output.
    pub name: &'static str,
    /// The message, as an ERP posts it.
    pub input: Input,
}

/// The two ways in which an ERP writes a message itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// As JSON, or the same fields as a form.
    Json(Box<SendMessage>),
    /// As `message/rfc822`.
    Raw(Vec<u8>),
}

/// The whole set, from and to those addresses. Only [`raw_reminder`] has recipients in Bcc beside.
#[must_use]
pub fn all(from: &str, to: &str) -> Vec<Fixture> {
    let json = |name, message| Fixture { name, input: Input::Json(Box::new(message)) };
    vec![
        json("invoice", invoice(from, to)),
        json("japanese", japanese(from, to)),
        json("inline logo", inline_logo(from, to)),
        json("invitation", invitation(from, to)),
        json("difficult text", difficult_text(from, to)),
        Fixture { name: "raw reminder", input: Input::Raw(raw_reminder(from, to)) },
    ]
}

/// A PDF invoice with a Dutch subject and a file name that is not ASCII.
#[must_use]
pub fn invoice(from: &str, to: &str) -> SendMessage {
    SendMessage {
        subject: "Factuur 2026-0042 – geïnstalleerde cv-ketel, vóór 1 december € 1.234,56".into(),
        text: Some("Geachte klant,\n\nBijgaand onze factuur. Tot genoegen!\n\nJansen Installaties".into()),
        attachments: vec![file("Factuur 2026-0042 café De Zwaan.pdf", INVOICE_PDF)],
        headers: [("x-erp-document".to_owned(), "INV-2026-0042".to_owned())].into(),
        importance: Some(Importance::High),
        reference: Some("INV-2026-0042".into()),
        ..empty(&format!("Jansen Installaties, één adres <{from}>"), &format!("Café De Zwaan <{to}>"))
    }
}

/// Japanese in subject, text and a file name long enough to be cut.
#[must_use]
pub fn japanese(from: &str, to: &str) -> SendMessage {
    SendMessage {
        subject: "【請求書】2026年11月分のご請求書をお送りいたします".into(),
        text: Some(
            "拝啓\n\n平素は格別のお引き立てを賜り、厚く御礼申し上げます。\n請求書を添付いたします。\n".into(),
        ),
        attachments: vec![file("請求書_2026年11月分_株式会社サンプル御中_最終版.pdf", INVOICE_PDF)],
        ..empty(&format!("株式会社サンプル <{from}>"), &format!("山田太郎 <{to}>"))
    }
}

/// Text and HTML that say the same, the HTML with an image inside, and a file beside it.
#[must_use]
pub fn inline_logo(from: &str, to: &str) -> SendMessage {
    let logo = Attachment { content_id: Some("logo@fixture.example".into()), ..file("logo.png", LOGO_PNG) };
    SendMessage {
        subject: "Orderbevestiging 4711".into(),
        text: Some("Bedankt voor uw bestelling.\n".into()),
        html: Some(
            "<html><body><p>Bedankt voor uw <b>bestelling</b>.</p><p><img src=\"cid:logo@fixture.example\" \
             alt=\"Jansen Installaties\" width=\"96\" height=\"48\"></p></body></html>"
                .into(),
        ),
        attachments: vec![logo, file("voorwaarden.pdf", INVOICE_PDF)],
        ..empty(from, to)
    }
}

/// A meeting request, which Outlook shows with *Accept* and *Decline*.
#[must_use]
pub fn invitation(from: &str, to: &str) -> SendMessage {
    let calendar = INVITATION_ICS.replace(SENDER, from).replace(RECIPIENT, to);
    SendMessage {
        subject: "Afspraak: onderhoud cv-ketel".into(),
        text: Some("Onze monteur komt op 1 december tussen 9:00 en 10:30.\n".into()),
        html: Some("<p>Onze monteur komt op <b>1 december</b> tussen 9:00 en 10:30.</p>".into()),
        attachments: vec![file("uitnodiging.ics", calendar.as_bytes())],
        ..empty(&format!("Planning <{from}>"), to)
    }
}

/// A text of everything that transports change: every kind of line end, lines of one dot, lines of 3000 characters, `From`
/// at the start, space at the end, and a subject that looks encoded.
#[must_use]
pub fn difficult_text(from: &str, to: &str) -> SendMessage {
    let long = "lang ".repeat(600);
    SendMessage {
        subject: "Re: =?utf-8?Q?niet_gecodeerd?= 100% 👩‍🔧".into(),
        text: Some(format!(
            "CRLF\r\nLF\nCR\r.\n..\n.begin\nFrom here\nspatie \n\ttab\n-- \n--=_\n=3D=\n{long}\neinde zonder regeleinde"
        )),
        ..empty(from, to)
    }
}

/// A reminder as another program wrote it: Windows-1252 in quoted-printable, a preamble, odd spacing, folded fields, and
/// two recipients in Bcc.
#[must_use]
pub fn raw_reminder(from: &str, to: &str) -> Vec<u8> {
    REMINDER_EML.replace(SENDER, from).replace(RECIPIENT, to).into_bytes()
}

/// A scan of that many bytes: more than Graph's `sendMail` carries from three million on.
#[must_use]
pub fn scan(from: &str, to: &str, bytes: usize) -> SendMessage {
    // xorshift32 (Marsaglia 2003): bytes that neither repeat nor compress, the same each time.
    let mut state = 0x2545_f491_u32;
    let content: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()
    })
    .flatten()
    .take(bytes)
    .collect();
    SendMessage {
        subject: "Scan van de werkbon".into(),
        text: Some("Zie bijlage.\n".into()),
        attachments: vec![file("werkbon.jpg", &content)],
        ..empty(from, to)
    }
}

fn empty(from: &str, to: &str) -> SendMessage {
    SendMessage { from: from.to_owned(), to: Recipients::List(vec![to.to_owned()]), ..SendMessage::default() }
}

fn file(name: &str, bytes: &[u8]) -> Attachment {
    Attachment {
        filename: name.to_owned(),
        content: STANDARD.encode(bytes),
        content_type: None,
        content_id: None,
    }
}
