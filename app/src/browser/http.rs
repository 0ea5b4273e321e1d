//! Requests to the Worker: same origin, JSON, and problem documents for everything that fails.

use api::Problem;
use gloo_net::http::{Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why a request has no answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The Worker said no, and why.
    Problem(Box<Problem>),
    /// Nobody answered.
    Unreachable,
    /// Something answered that is not the Worker of this version.
    Unreadable {
        status: u16,
        /// Cloudflare's own reference, when there is one.
        reference: Option<String>,
    },
}

impl Trouble {
    pub(crate) fn code(&self) -> Option<api::Code> {
        match self {
            Self::Problem(problem) => Some(problem.code),
            Self::Unreachable | Self::Unreadable { .. } => None,
        }
    }
}

pub(crate) async fn get<T: DeserializeOwned>(path: &str) -> Result<T, Trouble> {
    read(&answer::<()>(Method::GET, path, None).await?)
}

pub(crate) async fn post<B: Serialize, T: DeserializeOwned>(path: &str, body: &B) -> Result<T, Trouble> {
    read(&answer(Method::POST, path, Some(body)).await?)
}

pub(crate) async fn put<B: Serialize, T: DeserializeOwned>(path: &str, body: &B) -> Result<T, Trouble> {
    read(&answer(Method::PUT, path, Some(body)).await?)
}

pub(crate) async fn delete<T: DeserializeOwned>(path: &str) -> Result<T, Trouble> {
    read(&answer::<()>(Method::DELETE, path, None).await?)
}

/// A post or delete whose answer does not matter beyond having gone well.
pub(crate) async fn tell<B: Serialize>(method: Method, path: &str, body: Option<&B>) -> Result<(), Trouble> {
    answer(method, path, body).await.map(|_| ())
}

struct Text {
    status: u16,
    reference: Option<String>,
    body: String,
}

async fn answer<B: Serialize>(method: Method, path: &str, body: Option<&B>) -> Result<Text, Trouble> {
    let changes = method != Method::GET;
    let mut builder = RequestBuilder::new(path).method(method).header("Accept", "application/json");
    if changes {
        // A form of another site cannot set this header, so its presence proves that a page of ours asked.
        builder = builder.header("X-Postbode", "1");
    }
    let request = match body {
        Some(body) => builder.json(body),
        None => builder.build(),
    };
    let response =
        request.map_err(|_| Trouble::Unreachable)?.send().await.map_err(|_| Trouble::Unreachable)?;
    let (ok, problem) = (response.ok(), header(&response, "content-type").unwrap_or_default());
    let text = Text {
        status: response.status(),
        reference: header(&response, "cf-ray"),
        body: response.text().await.map_err(|_| Trouble::Unreachable)?,
    };
    if ok {
        return Ok(text);
    }
    if problem.starts_with("application/problem+json")
        && let Ok(problem) = serde_json::from_str(&text.body)
    {
        return Err(Trouble::Problem(Box::new(problem)));
    }
    Err(unreadable(&text))
}

fn read<T: DeserializeOwned>(text: &Text) -> Result<T, Trouble> {
    serde_json::from_str(&text.body).map_err(|_| unreadable(text))
}

fn unreadable(text: &Text) -> Trouble {
    Trouble::Unreadable { status: text.status, reference: text.reference.clone() }
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name)
}
