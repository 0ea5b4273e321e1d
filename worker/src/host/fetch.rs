use std::time::Duration;

use futures_util::StreamExt as _;
use microsoft::{Http, HttpRequest, HttpResponse, TransportError};
use worker::wasm_bindgen::JsValue;
use worker::{AbortController, CacheMode, Headers, Method, Request, RequestInit, RequestRedirect};

use crate::host::within;

/// Longest answer of Entra or Graph that is read, in bytes; a token answer with its id_token is under 10 kB.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// `202 Accepted`, the answer to a message that was taken. It has no body (Microsoft: user-sendmail).
const ACCEPTED: u16 = 202;

/// Carries planned requests out with the runtime's `fetch`: fresh headers only, no redirects, a deadline on everything
/// up to the last byte of the answer.
pub(crate) struct Fetch {
    limit: Duration,
}

impl Fetch {
    /// For requests to Entra: people and other sends wait for them.
    pub(crate) const TOKENS: Self = Self { limit: Duration::from_secs(15) };
    /// For questions to Graph.
    pub(crate) const GRAPH: Self = Self { limit: Duration::from_secs(20) };
    /// For handing a message to Graph, of up to 4 MB.
    pub(crate) const HAND_OVER: Self = Self { limit: Duration::from_mins(1) };

    async fn carry_out(
        &self,
        request: HttpRequest,
        abort: &AbortController,
    ) -> Result<HttpResponse, TransportError> {
        let broken = |_| TransportError::Broken;
        let request = to_worker(request).map_err(broken)?;
        let signal = abort.signal();
        let mut answer = worker::Fetch::Request(request).send_with_signal(&signal).await.map_err(broken)?;
        let status = answer.status_code();
        let mut read = http::Response::builder().status(status);
        for (name, value) in answer.headers().entries() {
            read = read.header(name, value);
        }
        let mut body = Vec::new();
        if let Ok(mut stream) = answer.stream() {
            while let Some(chunk) = stream.next().await {
                match chunk {
                    Ok(chunk) => body.extend(chunk),
                    // It says everything in its status.
                    Err(_) if status == ACCEPTED => break,
                    Err(error) => return Err(broken(error)),
                }
                if body.len() > ANSWER_BYTES_MAX {
                    return Err(TransportError::AnswerTooLong);
                }
            }
        }
        read.body(body).map_err(|_| TransportError::Broken)
    }
}

impl Http for Fetch {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let abort = AbortController::default();
        let outcome = within(self.limit, self.carry_out(request, &abort)).await;
        outcome.unwrap_or_else(|| {
            abort.abort();
            Err(TransportError::TimedOut)
        })
    }
}

fn to_worker(request: HttpRequest) -> worker::Result<Request> {
    let (parts, body) = request.into_parts();
    let headers = Headers::new();
    for (name, value) in &parts.headers {
        headers.set(
            name.as_str(),
            value.to_str().map_err(|error| worker::Error::RustError(error.to_string()))?,
        )?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::from(parts.method.as_str().to_owned()))
        .with_headers(headers)
        .with_redirect(RequestRedirect::Manual)
        .with_cache(CacheMode::NoStore);
    if !body.is_empty() {
        init.with_body(Some(JsValue::from(worker::js_sys::Uint8Array::from(body.as_slice()))));
    }
    Request::new_with_init(&parts.uri.to_string(), &init)
}
