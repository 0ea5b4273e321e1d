//! The HTTP routes, one folder for each audience: `v1` is for ERPs, `api` for our own pages in a browser, `operator` for
//! whoever runs this installation, `pages` for people.
//!
//! A handler says in its arguments whom it serves and what it reads (`auth.rs`, `path.rs`, `body.rs`); each of them
//! refuses with a problem document, in the order in which they stand. [`finish`] completes every answer.

mod answer;
mod api;
mod auth;
mod body;
mod health;
mod new_link;
mod new_mailbox;
mod operator;
mod pages;
mod path;
mod server_test;
mod v1;

use ::api::{Code, MailboxId, OrganisationId, Problem, RequestId};
use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Response, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::get;
use worker::Env;

use crate::config::Config;
use crate::host::{Line, in_request, log, now, random};
use crate::objects::{Object, Objects};

use answer::Failed;
pub(crate) use answer::unreadable_request;

/// The state of the router.
#[derive(Clone)]
struct App {
    env: Env,
}

impl App {
    fn installation(&self) -> Result<Installation, Problem> {
        Ok(Installation { env: self.env.clone(), config: Config::load(&self.env)? })
    }
}

/// This installation: its configuration and the way to its objects.
struct Installation {
    env: Env,
    config: Config,
}

impl Installation {
    fn organisation(&self, id: OrganisationId) -> Result<Object, Problem> {
        self.objects().organisation(id)
    }

    fn mailbox(&self, organisation: OrganisationId, id: MailboxId) -> Result<Object, Problem> {
        self.objects().mailbox(organisation, id)
    }

    fn directory(&self) -> Result<Object, Problem> {
        self.objects().directory()
    }

    fn objects(&self) -> Objects<'_> {
        Objects::new(&self.env, &self.config.jurisdiction)
    }
}

/// Every path that is answered, and a problem document for every other.
pub(crate) fn router(env: Env) -> Router {
    let app = App { env };
    Router::new()
        .merge(v1::routes())
        .merge(api::routes())
        .merge(operator::routes())
        .merge(pages::routes())
        .route("/healthz", get(health::health))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(from_fn_with_state(app.clone(), finish))
        .with_state(app)
}

async fn no_such_path() -> Failed {
    Problem::new(Code::NotFound, "no such path").into()
}

async fn no_such_method() -> Failed {
    Problem::new(Code::MethodNotAllowed, "no such method here").into()
}

/// Around every answer: a request id, headers that hold for all, the problem document's last touch, a line in the log.
async fn finish(State(app): State<App>, request: Request, next: Next) -> Response<Body> {
    let id = random().map(|random| RequestId::new(now(), random)).ok();
    let pattern = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    let route = format!("{} {pattern}", request.method());
    let mut response = in_request(id, Box::pin(next.run(request))).await;
    let config = Config::load(&app.env).ok();
    let origin = config.as_ref().map_or("", |config| config.public_origin.as_str());
    let problem = answer::complete(&mut response, origin, id);
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert("x-request-id", value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    let status = response.status().as_u16();
    let outcome = problem.as_ref().map_or("answered", |problem| problem.code.as_str());
    let detail = problem.as_ref().and_then(Problem::log_detail).unwrap_or_default();
    log(&Line {
        event: "request",
        outcome,
        request_id: &id,
        route: &route,
        status,
        detail,
        ..Line::default()
    });
    response
}
