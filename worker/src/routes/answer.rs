use api::{Code, Problem, RequestId};
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;

use crate::objects::Passed;

/// What a handler gives: an answer, or a problem document.
pub(super) type Answer<T = Response<Body>> = Result<T, Failed>;

/// `200` with JSON.
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response<Body> {
        json(StatusCode::OK, encoded(&self.0))
    }
}

/// `201` with JSON.
pub(super) struct Created<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response<Body> {
        json(StatusCode::CREATED, encoded(&self.0))
    }
}

impl<T> IntoResponse for Passed<T> {
    fn into_response(self) -> Response<Body> {
        json(StatusCode::OK, Ok(self.json))
    }
}

/// A reply of an object with another status than `200`.
pub(super) struct With<T>(pub(super) StatusCode, pub(super) Passed<T>);

impl<T> IntoResponse for With<T> {
    fn into_response(self) -> Response<Body> {
        json(self.0, Ok(self.1.json))
    }
}

fn encoded<T: Serialize>(value: &T) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(|_| Problem::new(Code::Internal, "cannot encode answer"))
}

fn json(status: StatusCode, body: Result<Vec<u8>, Problem>) -> Response<Body> {
    match body {
        Ok(body) => {
            let mut response = of_type("application/json", body);
            *response.status_mut() = status;
            response
        }
        Err(problem) => Failed(problem).into_response(),
    }
}

/// A `200` of that media type.
pub(super) fn of_type(media_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    with_type(Response::new(body.into()), media_type)
}

/// Says which media type an answer is of.
pub(super) fn with_type(mut response: Response<Body>, media_type: &'static str) -> Response<Body> {
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// A problem on its way out.
pub(super) struct Failed(Problem);

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

/// Rides on the response until [`complete`] knows the origin and the request id.
#[derive(Clone)]
struct Pending(Problem);

impl IntoResponse for Failed {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(Pending(self.0));
        response
    }
}

/// Writes a pending problem document, and returns it for the log.
pub(super) fn complete(
    response: &mut Response<Body>,
    origin: &str,
    id: Option<RequestId>,
) -> Option<Problem> {
    let Pending(mut problem) = response.extensions_mut().remove::<Pending>()?;
    problem.type_url = format!("{origin}{}", problem.type_url);
    problem.request_id = id;
    *response.status_mut() =
        StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(seconds) = problem.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if problem.status == 401 {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    *response.body_mut() = Body::from(serde_json::to_vec(&problem).unwrap_or_default());
    Some(problem)
}

/// An answer without a body.
pub(super) fn no_content() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// For a request whose URL or headers are not even HTTP's.
pub(crate) fn unreadable_request() -> Response<Body> {
    let mut response =
        Failed(Problem::new(Code::MalformedRequest, "the address or a header can't be read")).into_response();
    complete(&mut response, "", None);
    response
}
