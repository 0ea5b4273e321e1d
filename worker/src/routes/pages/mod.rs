//! Pages: what people see. All but two are the same shell, which the app fills.

mod approved;
mod problems;

use api::{Code, Problem};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::routing::get;
use worker::HttpResponse;

use super::App;
use super::answer::{Answer, of_type};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(page))
        .route("/open", get(page))
        .route("/mailboxes/{mailbox}", get(page))
        .route("/oauth/callback", get(page))
        .route("/oauth/approved", get(approved::page))
        .route("/problems/{code}", get(problems::page))
}

/// What a page may do: run our own code, ask our own API, nothing else. The app sets no inline style and no inline script.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Every page is the same shell; the app looks at the path. The shell is asked for anew each time, its parts have names
/// with their hashes.
#[worker::send]
async fn page(State(app): State<App>) -> Answer {
    let missing = || Problem::new(Code::NotConfigured, "the app is not deployed with this Worker");
    let assets = app.env.assets("ASSETS").map_err(|_| missing())?;
    let shell: HttpResponse = assets.fetch("https://assets/index.html", None).await.map_err(|_| missing())?;
    let body = axum::body::to_bytes(Body::new(shell.into_body()), api::SMALL_REQUEST_BYTES_MAX).await;
    let mut response = of_type("text/html; charset=utf-8", body.map_err(|_| missing())?);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}
