//! A mail as it was posted: as JSON, as `multipart/form-data` or as a whole `message/rfc822`.

use api::{Code, FieldError, Problem, RAW_REQUEST_BYTES_MAX, REQUEST_BYTES_MAX, SendMessage};
use axum::extract::Request;
use axum::http::header;
use mail::{Message, MultipartForm, PartHead, RawMessage, check_idempotency_key, check_reference};
use multer::{Constraints, Multipart, SizeLimit};

use super::input;
use crate::objects::mailbox::Form;

/// What the request held, and has been found to be in order.
pub(super) struct Posted {
    pub(super) form: Form,
    pub(super) from: String,
    pub(super) reference: Option<String>,
    /// What tells a repetition from a second message.
    pub(super) key: Option<String>,
    /// The bytes to keep.
    pub(super) stored: Vec<u8>,
}

/// Largest form, in bytes: its files become base64 and are then as large as the largest JSON.
const FORM_BYTES_MAX: usize = REQUEST_BYTES_MAX / 4 * 3;

/// Reads the message in the form that its media type says.
pub(super) async fn read(request: Request) -> Result<Posted, Problem> {
    let (reference, key) = (reference(&request)?, key(&request)?);
    if input::is_of(&request, "message/rfc822") {
        return read_raw(request, reference, key).await;
    }
    if reference.is_some() {
        let detail =
            "a reference stands in the URL for message/rfc822 only; else it is a field of the message";
        return Err(refused(vec![FieldError {
            pointer: "/reference".to_owned(),
            detail: detail.to_owned(),
        }]));
    }
    if input::is_of(&request, "multipart/form-data") {
        return fields(read_form(request).await?, key);
    }
    input::expect_json(&request).map_err(|problem| {
        let forms = "a mail comes as application/json, multipart/form-data or message/rfc822";
        let detail = format!("{}; {forms}", problem.detail);
        Problem { detail, ..problem }
    })?;
    let body = input::bytes(request.into_body(), REQUEST_BYTES_MAX).await.map_err(tell_of_raw)?;
    let wire = input::from_json(&body)?;
    drop(body);
    fields(wire, key)
}

async fn read_raw(
    request: Request,
    reference: Option<String>,
    key: Option<String>,
) -> Result<Posted, Problem> {
    let body = input::bytes(request.into_body(), RAW_REQUEST_BYTES_MAX).await?;
    let raw = RawMessage::read(body).map_err(refused)?;
    Ok(Posted { form: Form::Raw, from: raw.from().to_string(), reference, key, stored: raw.into_bytes() })
}

fn fields(mut wire: SendMessage, key: Option<String>) -> Result<Posted, Problem> {
    // Not kept with the message, so that a repetition may bring it the other way.
    let key = match (key, wire.idempotency_key.take()) {
        (Some(header), Some(field)) if header != field => {
            return Err(wrong_key("the header Idempotency-Key says something else".to_owned()));
        }
        (_, Some(field)) => Some(checked_key(field)?),
        (header, None) => header,
    };
    let stored =
        serde_json::to_vec(&wire).map_err(|_| Problem::new(Code::Internal, "a message can't be written"))?;
    if stored.len() > REQUEST_BYTES_MAX {
        return Err(tell_of_raw(input::too_large(REQUEST_BYTES_MAX)));
    }
    let message = Message::read(wire).map_err(refused)?;
    let from = message.from.address().to_string();
    Ok(Posted { form: Form::Json, from, reference: message.reference, key, stored })
}

/// Takes a form apart while it streams in.
async fn read_form(request: Request) -> Result<SendMessage, Problem> {
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(media_type.unwrap_or_default()).map_err(unreadable)?;
    let limit = u64::try_from(FORM_BYTES_MAX).unwrap_or(u64::MAX);
    let constraints = Constraints::new().size_limit(SizeLimit::new().whole_stream(limit));
    let stream = request.into_body().into_data_stream();
    let mut multipart = Multipart::with_constraints(stream, boundary, constraints);
    let mut form = MultipartForm::default();
    while let Some(part) = multipart.next_field().await.map_err(unreadable)? {
        let fields = part.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let head = PartHead::read(fields);
        form.add(&head, part.bytes().await.map_err(unreadable)?.into());
    }
    form.finish().map_err(refused)
}

/// The one parameter that the address takes; for a message whose fields are its sender's alone.
fn reference(request: &Request) -> Result<Option<String>, Problem> {
    let mut reference = None;
    for (name, value) in form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()) {
        let checked = match (&*name, &reference) {
            ("reference", None) => check_reference(&value),
            ("reference", Some(_)) => Err("the parameter stands more than once".to_owned()),
            _ => Err("this address has no parameter but reference".to_owned()),
        };
        checked.map_err(|detail| refused(vec![FieldError { pointer: format!("/{name}"), detail }]))?;
        reference = Some(value.into_owned());
    }
    Ok(reference)
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
        multer::Error::StreamSizeExceeded { .. } => tell_of_raw(input::too_large(FORM_BYTES_MAX)),
        error => Problem::new(Code::MalformedRequest, format!("the form can't be read: {error}")),
    }
}

fn refused(errors: Vec<FieldError>) -> Problem {
    Problem::new(Code::FieldsRefused, "the message was not accepted").with_errors(errors)
}

/// Names the form in which a larger message may come.
fn tell_of_raw(problem: Problem) -> Problem {
    if problem.code != Code::RequestTooLarge {
        return problem;
    }
    let detail = format!(
        "{}; a larger message comes as message/rfc822, with at most {RAW_REQUEST_BYTES_MAX} bytes",
        problem.detail
    );
    Problem { detail, ..problem }
}
