//! Requests to the Worker: same origin, JSON, and problem documents for everything that fails.

use api::Problem;
use gloo_net::http::{Method, RequestBuilder, Response};
use js_sys::{Reflect, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::ReadableStreamDefaultReader;

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

/// A post whose answer comes line by line, each told when it comes; a line of a later version is passed over.
pub(crate) async fn lines<T: DeserializeOwned>(
    path: &str,
    mut on_line: impl FnMut(T),
) -> Result<(), Trouble> {
    let broken = |_| Trouble::Unreachable;
    let builder = RequestBuilder::new(path).method(Method::POST).header("X-Postbode", "1");
    let response = builder.build().map_err(|_| Trouble::Unreachable)?.send().await;
    let response = response.map_err(|_| Trouble::Unreachable)?;
    if !response.ok() {
        return Err(refused(&text_of(&response).await?, &response));
    }
    let Some(stream) = response.body() else { return Ok(()) };
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let mut line = Vec::new();
    loop {
        let read = JsFuture::from(reader.read()).await.map_err(broken)?;
        let chunk = Reflect::get(&read, &"value".into()).map_err(broken)?;
        if chunk.is_undefined() {
            return Ok(());
        }
        for byte in Uint8Array::new(&chunk).to_vec() {
            if byte != b'\n' {
                line.push(byte);
            } else if let Ok(read) = serde_json::from_slice(&std::mem::take(&mut line)) {
                on_line(read);
            }
        }
    }
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
    let text = text_of(&response).await?;
    if response.ok() { Ok(text) } else { Err(refused(&text, &response)) }
}

async fn text_of(response: &Response) -> Result<Text, Trouble> {
    Ok(Text {
        status: response.status(),
        reference: header(response, "cf-ray"),
        body: response.text().await.map_err(|_| Trouble::Unreachable)?,
    })
}

fn refused(text: &Text, response: &Response) -> Trouble {
    let kind = header(response, "content-type").unwrap_or_default();
    if kind.starts_with("application/problem+json")
        && let Ok(problem) = serde_json::from_str(&text.body)
    {
        return Trouble::Problem(Box::new(problem));
    }
    unreadable(text)
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
