//! Between a browser and the Worker: keeps every answer as it went by.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, header};
use reqwest::Client;

use crate::http::client;

/// One answer that went by.
#[derive(Clone, Debug)]
pub struct Passed {
    /// Method and path of the request; what a browser keeps to itself (`#…`) is not in it.
    pub request: String,
    /// The headers of the answer, one a line.
    pub headers: String,
    /// Its body.
    pub body: Vec<u8>,
}

/// A recording proxy.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Where it is.
    pub origin: String,
    behind: String,
    http: Client,
    passed: Arc<Mutex<Vec<Passed>>>,
}

impl Proxy {
    pub(crate) async fn before(behind: String) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let proxy = Self { origin, behind, http: client(), passed: Arc::default() };
        let router = Router::new().fallback(forward).with_state(proxy.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        proxy
    }

    /// Everything that went by so far.
    pub fn passed(&self) -> Vec<Passed> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn forward(State(proxy): State<Proxy>, request: Request) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    // Answers are kept as they are read: not compressed.
    parts.headers.remove(header::ACCEPT_ENCODING);
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let asked = proxy.http.request(parts.method.clone(), format!("{}{path}", proxy.behind));
    let answer = asked.headers(parts.headers).body(body).send().await.unwrap();
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    assert!(
        !headers.contains_key(header::CONTENT_ENCODING),
        "{path} is compressed, so nothing can be found in it"
    );
    headers.remove(header::TRANSFER_ENCODING);
    let body = answer.bytes().await.unwrap();
    let lines = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    let passed =
        Passed { request: format!("{} {path}", parts.method), headers: lines.collect(), body: body.to_vec() };
    proxy.passed.lock().unwrap_or_else(PoisonError::into_inner).push(passed);
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
