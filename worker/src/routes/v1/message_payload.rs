//! A message as it was posted: as JSON, as `multipart/form-data` or as a whole `message/rfc822`.

use api::{
    Code, FORM_REQUEST_BYTES_MAX, FieldError, ParseTimestampError, Problem, RAW_REQUEST_BYTES_MAX,
    REQUEST_BYTES_MAX, SCHEDULED_DAYS_MAX, SendMessage, Timestamp,
};
use axum::extract::Request;
use axum::http::header;
use gateway::memory::{Share, to_receive, to_receive_form};
use gateway::outbox::MessageProfile;
use mail::{Content, Message, MultipartForm, PartHead, RawMessage, check_idempotency_key, check_reference};
use multer::{Constraints, Multipart, SizeLimit};

use crate::host::memory;
use crate::routes::body::{self, Large};

/// What the request held, and has been found to be in order.
pub(super) struct MessagePayload {
    pub(super) profile: MessageProfile,
    pub(super) from: String,
    pub(super) reference: Option<String>,
    /// What tells a repetition from a second message.
    pub(super) key: Option<String>,
    /// Before when it does not leave.
    pub(super) scheduled_at: Option<Timestamp>,
    /// The bytes to keep.
    pub(super) stored: Vec<u8>,
}

/// Reads the message in the form that its media type says.
pub(super) async fn read(request: Request, now: Timestamp) -> Result<(MessagePayload, Share), Problem> {
    let (said, key) = (Said::read(&request)?, key(&request)?);
    if body::is_of(&request, "message/rfc822") {
        return read_raw(request, said, key, now).await;
    }
    if let Some(name) = said.any() {
        let detail =
            format!("{name} stands in the URL for message/rfc822 only; else it is a field of the message");
        return Err(refused(vec![FieldError { pointer: format!("/{name}"), detail }]));
    }
    if body::is_of(&request, "multipart/form-data") {
        let (wire, memory) = read_form(request).await?;
        return Ok((fields(wire, key, now)?, memory));
    }
    body::expect_json(&request).map_err(|mut problem| {
        problem.detail += "; a mail comes as application/json, multipart/form-data or message/rfc822";
        problem
    })?;
    let body = body::large(request, REQUEST_BYTES_MAX, to_receive).await;
    let Large { bytes, memory } = body.map_err(tell_of_raw)?;
    let wire = body::from_json(&bytes)?;
    drop(bytes);
    Ok((fields(wire, key, now)?, memory))
}

async fn read_raw(
    request: Request,
    said: Said,
    key: Option<String>,
    now: Timestamp,
) -> Result<(MessagePayload, Share), Problem> {
    let scheduled_at = checked_time(said.scheduled_at, now)?;
    let Large { bytes, memory } = body::large(request, RAW_REQUEST_BYTES_MAX, to_receive).await?;
    let content = Content::Raw(Box::new(RawMessage::read(bytes).map_err(refused)?));
    let (profile, from) = (MessageProfile::of(&content), content.from().to_string());
    let Content::Raw(raw) = content else {
        return Err(Problem::new(Code::Internal, "cannot read message"));
    };
    let payload = MessagePayload {
        profile,
        from,
        reference: said.reference,
        key,
        scheduled_at,
        stored: raw.into_bytes(),
    };
    Ok((payload, memory))
}

/// Reads a message field by field; `key` is what the header says.
pub(super) fn fields(
    mut wire: SendMessage,
    key: Option<String>,
    now: Timestamp,
) -> Result<MessagePayload, Problem> {
    // Not kept with the message, so that a repetition may bring it the other way.
    let key = match (key, wire.idempotency_key.take()) {
        (Some(header), Some(field)) if header != field => {
            return Err(wrong_key("the header Idempotency-Key says something else".to_owned()));
        }
        (_, Some(field)) => Some(checked_key(field)?),
        (header, None) => header,
    };
    let scheduled_at = checked_time(wire.scheduled_at.take(), now)?;
    // Of about its size at once: a buffer that doubles would hold twice as much.
    let mut stored = memory::buffer(text_bytes(&wire))?;
    serde_json::to_writer(&mut stored, &wire)
        .map_err(|_| Problem::new(Code::Internal, "cannot encode message"))?;
    if stored.len() > REQUEST_BYTES_MAX {
        return Err(tell_of_raw(body::too_large(REQUEST_BYTES_MAX)));
    }
    let mut message = Message::read(wire).map_err(refused)?;
    let reference = message.reference.take();
    let content = Content::Fields(Box::new(message));
    let (profile, from) = (MessageProfile::of(&content), content.from().to_string());
    Ok(MessagePayload { profile, from, reference, key, scheduled_at, stored })
}

/// The bytes of the texts and files in a message, and a little for what stands around them.
fn text_bytes(wire: &SendMessage) -> usize {
    let texts = [&wire.text, &wire.html].into_iter().flatten().map(String::len);
    let files = wire.attachments.iter().map(|file| file.content.len() + 256);
    texts.chain(files).fold(4096, usize::saturating_add)
}

/// A moment that a message can wait for.
fn checked_time(at: Option<Timestamp>, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
    let latest = now.plus_seconds(i64::from(SCHEDULED_DAYS_MAX) * 24 * 3600);
    if at.is_none_or(|at| at <= latest) {
        return Ok(at);
    }
    let detail = format!("a message can wait for at most {SCHEDULED_DAYS_MAX} days");
    Err(refused(vec![FieldError { pointer: "/scheduled_at".to_owned(), detail }]))
}

/// Parts of a form: a recipient each, a file each, and the other fields, with some to spare.
const FORM_PARTS_MAX: usize = 1200;

/// Takes a form apart while it streams in.
async fn read_form(request: Request) -> Result<(SendMessage, Share), Problem> {
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(media_type.unwrap_or_default()).map_err(unreadable)?;
    let limit = u64::try_from(FORM_REQUEST_BYTES_MAX).unwrap_or(u64::MAX);
    let said = body::content_length(&request).and_then(|said| u64::try_from(said).ok());
    let constraints = Constraints::new().size_limit(SizeLimit::new().whole_stream(limit));
    let stream = request.into_body().into_data_stream();
    let share = match memory::receive(to_receive_form(said.unwrap_or(limit).min(limit))) {
        Ok(share) => share,
        Err(problem) => return Err(body::after_the_rest(stream, problem).await),
    };
    let mut multipart = Multipart::with_constraints(stream, boundary, constraints);
    let mut form = MultipartForm::default();
    let mut parts = 0;
    while let Some(mut part) = multipart.next_field().await.map_err(unreadable)? {
        parts += 1;
        if parts > FORM_PARTS_MAX {
            let detail = format!("a form has at most {FORM_PARTS_MAX} parts");
            return Err(Problem::new(Code::MalformedRequest, detail));
        }
        let fields = part.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let head = PartHead::read(fields);
        let mut bytes = Vec::new();
        while let Some(chunk) = part.chunk().await.map_err(unreadable)? {
            if !share.renew(crate::host::now()) {
                return Err(memory::full());
            }
            bytes.extend_from_slice(&chunk);
        }
        form.add(&head, bytes);
    }
    Ok((form.finish().map_err(refused)?, share))
}

/// What the address says about a message whose fields are its sender's alone.
#[derive(Default)]
struct Said {
    reference: Option<String>,
    scheduled_at: Option<Timestamp>,
}

impl Said {
    fn read(request: &Request) -> Result<Self, Problem> {
        let mut said = Self::default();
        for (name, value) in form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()) {
            said.take(&name, &value)
                .map_err(|detail| refused(vec![FieldError { pointer: format!("/{name}"), detail }]))?;
        }
        Ok(said)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        let twice = "the parameter stands more than once";
        match name {
            "reference" if self.reference.is_some() => return Err(twice.to_owned()),
            "reference" => {
                check_reference(value)?;
                self.reference = Some(value.to_owned());
            }
            "scheduled_at" if self.scheduled_at.is_some() => return Err(twice.to_owned()),
            "scheduled_at" => {
                let moment = value.parse().map_err(|error: ParseTimestampError| error.to_string())?;
                self.scheduled_at = Some(moment);
            }
            _ => return Err("this address has no parameter but reference and scheduled_at".to_owned()),
        }
        Ok(())
    }

    /// The name of a parameter that was given.
    fn any(&self) -> Option<&'static str> {
        let reference = self.reference.as_ref().map(|_| "reference");
        reference.or(self.scheduled_at.map(|_| "scheduled_at"))
    }
}

/// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a string in quotes, which many leave out.
fn key(request: &Request) -> Result<Option<String>, Problem> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().map(str::trim).map_err(|_| wrong_key("the header can't be read".to_owned()))?;
    let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    checked_key(bare.to_owned()).map(Some)
}

fn checked_key(key: String) -> Result<String, Problem> {
    check_idempotency_key(&key).map_err(wrong_key)?;
    Ok(key)
}

fn wrong_key(detail: String) -> Problem {
    refused(vec![FieldError { pointer: "/idempotency_key".to_owned(), detail }])
}

fn unreadable(error: multer::Error) -> Problem {
    match error {
        multer::Error::StreamSizeExceeded { .. } => tell_of_raw(body::too_large(FORM_REQUEST_BYTES_MAX)),
        error => Problem::new(Code::MalformedRequest, format!("the form can't be read: {error}")),
    }
}

pub(super) fn refused(errors: Vec<FieldError>) -> Problem {
    Problem::new(Code::FieldsRefused, "the message was not accepted").with_errors(errors)
}

/// Names the form in which a larger message may come.
fn tell_of_raw(mut problem: Problem) -> Problem {
    if problem.code == Code::RequestTooLarge {
        problem.detail = format!(
            "{}; a larger message comes as message/rfc822, with at most {RAW_REQUEST_BYTES_MAX} bytes",
            problem.detail
        );
    }
    problem
}
