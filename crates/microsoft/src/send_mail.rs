use std::io;

use api::{Code, Importance, Upstream};
use http::{Method, StatusCode};
use mail::{Attachment, Body, Correspondent, Header, InternetMessageId, Message};
use oauth2::AccessToken;
use serde::Serialize;
use serde::ser::{SerializeSeq as _, Serializer};

use crate::graph::{JSON, request};
use crate::graph_error::{Asked, refusal};
use crate::refusal::retry_after_ms;
use crate::{Endpoints, HttpRequest, HttpResponse, Refusal};

/// Largest `sendMail` request in bytes. Microsoft says "4 MB" (outlook-large-attachments); this leaves the headers room.
pub const REQUEST_BYTES_MAX: usize = 4_000_000;

/// Largest message, in bytes of text and decoded files, that is sure to fit in one request: files grow by a third in
/// base64, and 100 kB is left for names, addresses and the JSON itself.
pub const MESSAGE_BYTES_MAX: u64 = (REQUEST_BYTES_MAX as u64 - 100_000) / 4 * 3;

/// The body of `POST /me/sendMail` in its JSON form (Microsoft: user-sendmail), ready to be measured or written.
pub struct SendMail<'a> {
    message: &'a Message,
    message_id: &'a InternetMessageId,
}

impl<'a> SendMail<'a> {
    /// Plans sending `message` as `message_id`. Every attempt of a message carries the same one, by which receivers and Sent
    /// Items recognise a second copy.
    #[must_use]
    pub fn new(message: &'a Message, message_id: &'a InternetMessageId) -> Self {
        Self { message, message_id }
    }

    /// How many bytes the body takes, without writing it.
    #[must_use]
    pub fn body_bytes(&self) -> usize {
        let mut counter = Counter(0);
        // Counting can't fail, and neither can writing strings.
        let _ = self.write(&mut counter);
        counter.0
    }

    /// Writes the body, or counts it: of one type, so that the code that writes is there once.
    fn write(&self, out: &mut dyn io::Write) -> serde_json::Result<()> {
        serde_json::to_writer(out, &self.body())
    }

    /// How many bytes the body of `message` takes with the longest id that there is, for a message that has none yet.
    #[must_use]
    pub fn body_bytes_max(message: &'a Message) -> usize {
        SendMail { message, message_id: &InternetMessageId::longest() }.body_bytes()
    }

    /// The bytes of its texts and files, and a little for what stands around them.
    fn text_bytes(&self) -> usize {
        let text = match &self.message.body {
            Body::Text(text) | Body::Html(text) | Body::Both { html: text, .. } => text.len(),
        };
        let files = self.message.attachments.iter().map(|file| file.base64().len() + 256);
        files.fold(text + 4096, usize::saturating_add)
    }

    fn body(&self) -> SendMailBody<'a> {
        let message = self.message;
        SendMailBody {
            message: GraphMessage {
                // With the angle brackets of RFC 5322, as Graph itself writes it (Microsoft: message resource type).
                internet_message_id: format!("<{}>", self.message_id),
                subject: &message.subject,
                importance: message.importance,
                body: GraphBody::of(&message.body),
                from: Recipient::of(&message.from),
                to_recipients: Recipients(&message.to),
                cc_recipients: Recipients(&message.cc),
                bcc_recipients: Recipients(&message.bcc),
                reply_to: Recipients(&message.reply_to),
                internet_message_headers: message.headers.iter().map(GraphHeader::of).collect(),
                attachments: message.attachments.iter().map(FileAttachment::of).collect(),
            },
            save_to_sent_items: message.save_to_sent.unwrap_or(true),
        }
    }
}

/// Plans `POST /me/sendMail`. Needs `Mail.Send`.
pub fn send_mail(
    endpoints: &Endpoints,
    token: &AccessToken,
    client_request_id: &str,
    mail: &SendMail<'_>,
) -> Result<HttpRequest, Refusal> {
    // Of about its size at once: a buffer that doubles would hold twice as much.
    let mut body = Vec::with_capacity(mail.text_bytes());
    mail.write(&mut body)
        .map_err(|_| Refusal::new(Code::Internal, "the message can't be written as JSON"))?;
    request(Method::POST, endpoints.graph("/me/sendMail"), token, client_request_id, JSON, body)
}

/// What Graph said to a `sendMail`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// `202`: queued at Microsoft.
    HandedOver {
        /// Their status and request id.
        upstream: Upstream,
        /// They took it, and ask for a pause before the next, in milliseconds.
        pause_ms: Option<i64>,
    },
    /// `401`: the access token is not taken; a fresh one may be.
    TokenRefused(Refusal),
    /// Anything else.
    Refused(Refusal),
}

/// Reads the answer to [`send_mail`]; only `202` is success.
#[must_use]
pub fn read_send_mail(answer: &HttpResponse) -> Sent {
    let refusal = refusal(Asked::ToSend, answer);
    match answer.status() {
        StatusCode::ACCEPTED => Sent::HandedOver {
            upstream: refusal.upstream.unwrap_or(Upstream {
                status: 202,
                code: None,
                message: None,
                request_id: None,
            }),
            pause_ms: retry_after_ms(answer.headers()),
        },
        StatusCode::UNAUTHORIZED => Sent::TokenRefused(refusal),
        _ => Sent::Refused(refusal),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SendMailBody<'a> {
    message: GraphMessage<'a>,
    // Microsoft's default is true; it is only said when it is not.
    #[serde(skip_serializing_if = "is_true")]
    save_to_sent_items: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_true(value: &bool) -> bool {
    *value
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GraphMessage<'a> {
    internet_message_id: String,
    subject: &'a str,
    importance: Importance,
    body: GraphBody<'a>,
    from: Recipient<'a>,
    #[serde(skip_serializing_if = "Recipients::is_empty")]
    to_recipients: Recipients<'a>,
    #[serde(skip_serializing_if = "Recipients::is_empty")]
    cc_recipients: Recipients<'a>,
    #[serde(skip_serializing_if = "Recipients::is_empty")]
    bcc_recipients: Recipients<'a>,
    #[serde(skip_serializing_if = "Recipients::is_empty")]
    reply_to: Recipients<'a>,
    // An empty list is refused with 400, so it is left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    internet_message_headers: Vec<GraphHeader<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<FileAttachment<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GraphBody<'a> {
    content_type: &'static str,
    content: &'a str,
}

impl<'a> GraphBody<'a> {
    fn of(body: &'a Body) -> Self {
        match body {
            Body::Text(content) => Self { content_type: "text", content },
            // Graph takes one of the two; Exchange makes the text part of the HTML by itself.
            Body::Html(content) | Body::Both { html: content, .. } => Self { content_type: "html", content },
        }
    }
}

struct Recipients<'a>(&'a [Correspondent]);

impl Recipients<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Recipients<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for correspondent in self.0 {
            list.serialize_element(&Recipient::of(correspondent))?;
        }
        list.end()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Recipient<'a> {
    email_address: GraphAddress<'a>,
}

#[derive(Serialize)]
struct GraphAddress<'a> {
    address: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

impl<'a> Recipient<'a> {
    fn of(correspondent: &'a Correspondent) -> Self {
        let address = GraphAddress { address: correspondent.address().as_str(), name: correspondent.name() };
        Self { email_address: address }
    }
}

#[derive(Serialize)]
struct GraphHeader<'a> {
    name: &'a str,
    value: &'a str,
}

impl<'a> GraphHeader<'a> {
    fn of(header: &'a Header) -> Self {
        Self { name: header.name(), value: header.value() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FileAttachment<'a> {
    #[serde(rename = "@odata.type")]
    odata_type: &'static str,
    name: &'a str,
    content_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_id: Option<&'a str>,
    is_inline: bool,
    content_bytes: &'a str,
}

impl<'a> FileAttachment<'a> {
    fn of(attachment: &'a Attachment) -> Self {
        Self {
            odata_type: "#microsoft.graph.fileAttachment",
            name: attachment.filename(),
            content_type: attachment.content_type(),
            content_id: attachment.content_id(),
            is_inline: attachment.content_id().is_some(),
            content_bytes: attachment.base64(),
        }
    }
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(json: serde_json::Value) -> Message {
        Message::read(serde_json::from_value(json).unwrap()).unwrap()
    }

    fn planned(message: &Message) -> HttpRequest {
        let endpoints =
            Endpoints::new("https://login.microsoftonline.com", "https://graph.microsoft.com").unwrap();
        let message_id = message_id();
        let mail = SendMail::new(message, &message_id);
        send_mail(&endpoints, &AccessToken::new("at".into()), "id-1", &mail).unwrap()
    }

    fn message_id() -> InternetMessageId {
        "msg_01jd5z3q@b.nl".parse().unwrap()
    }

    #[test]
    fn writes_microsofts_documented_body() {
        let message = message(serde_json::json!({
            "from": "Facturen <facturen@b.nl>", "to": ["Klant <k@c.nl>"], "bcc": "archief@b.nl",
            "reply_to": "verkoop@b.nl", "subject": "Factuur", "text": "t", "html": "<p>h</p>", "importance": "high",
            "headers": {"x-erp": "INV-1"}, "save_to_sent": false,
            "attachments": [{"filename": "f.pdf", "content": "AAAA"},
                            {"filename": "l.png", "content": "AAAA", "content_id": "logo"}]
        }));
        let request = planned(&message);
        assert_eq!(request.uri(), "https://graph.microsoft.com/v1.0/me/sendMail");
        assert_eq!(request.headers()["authorization"], "Bearer at");
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "message": {
                    "internetMessageId": "<msg_01jd5z3q@b.nl>", "subject": "Factuur", "importance": "high",
                    "body": {"contentType": "html", "content": "<p>h</p>"},
                    "from": {"emailAddress": {"address": "facturen@b.nl", "name": "Facturen"}},
                    "toRecipients": [{"emailAddress": {"address": "k@c.nl", "name": "Klant"}}],
                    "bccRecipients": [{"emailAddress": {"address": "archief@b.nl"}}],
                    "replyTo": [{"emailAddress": {"address": "verkoop@b.nl"}}],
                    "internetMessageHeaders": [{"name": "x-erp", "value": "INV-1"}],
                    "attachments": [
                        {"@odata.type": "#microsoft.graph.fileAttachment", "name": "f.pdf",
                         "contentType": "application/pdf", "isInline": false, "contentBytes": "AAAA"},
                        {"@odata.type": "#microsoft.graph.fileAttachment", "name": "l.png", "contentType": "image/png",
                         "contentId": "logo", "isInline": true, "contentBytes": "AAAA"}
                    ]
                },
                "saveToSentItems": false
            })
        );
    }

    #[test]
    fn an_empty_header_list_is_left_out_because_graph_refuses_it() {
        let body = planned(&message(serde_json::json!({"from": "a@b.nl", "to": "c@d.nl", "subject": "s"})));
        let body = String::from_utf8(body.into_body()).unwrap();
        assert!(!body.contains("internetMessageHeaders") && !body.contains("saveToSentItems"), "{body}");
    }

    #[test]
    fn the_measure_is_the_body() {
        let message =
            message(serde_json::json!({"from": "a@b.nl", "to": "c@d.nl", "subject": "s \"é\n".trim_end()}));
        let measured = SendMail::new(&message, &message_id()).body_bytes();
        assert_eq!(measured, planned(&message).body().len());
        let longest = InternetMessageId::longest();
        let added = longest.as_str().len() - message_id().as_str().len();
        assert_eq!(SendMail::body_bytes_max(&message), measured + added);
    }

    #[test]
    fn a_message_of_the_stated_size_fits() {
        let content = "A".repeat(usize::try_from(MESSAGE_BYTES_MAX).unwrap() / 3 * 4);
        let message = message(serde_json::json!({
            "from": "a@b.nl", "to": "c@d.nl", "attachments": [{"filename": "scan.pdf", "content": content}]
        }));
        assert!(SendMail::body_bytes_max(&message) <= REQUEST_BYTES_MAX);
    }

    #[test]
    fn only_202_is_success() {
        let read =
            |status: u16| read_send_mail(&http::Response::builder().status(status).body(Vec::new()).unwrap());
        assert!(matches!(read(202), Sent::HandedOver { pause_ms: None, .. }));
        for status in [200, 201, 204, 302, 400, 403, 429, 500] {
            assert!(matches!(read(status), Sent::Refused(_)), "{status}");
        }
        assert!(matches!(read(401), Sent::TokenRefused(_)));
    }
}
