//! The HTTP routes: one file for each operation, and what they share: who is asking, how bodies are read, how problems
//! and pages go out.

mod answer;
mod approval;
mod approved_page;
mod consent;
mod create_mailbox;
mod health;
mod input;
mod limits;
mod links;
mod list_messages;
mod mailbox;
mod operator;
mod pages;
mod posted;
mod problem_page;
mod registration;
mod send_batch;
mod send_message;
mod session;
mod show_message;
mod steer_message;
mod test_server;
mod who;

use api::{Code, Problem, RequestId};
use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Response, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::{delete, get, post};
use worker::Env;

use crate::config::Config;
use crate::host::{Line, in_request, log, now, random};

pub(crate) use answer::unreadable_request;
use answer::{Answer, Failed};

/// Shared by every route.
#[derive(Clone)]
struct App {
    env: Env,
}

impl App {
    fn config(&self) -> Result<Config, Problem> {
        Config::load(&self.env)
    }
}

/// Every path that is answered, and a problem document for every other.
pub(crate) fn router(env: Env) -> Router {
    let app = App { env };
    Router::new()
        // The ERP
        .route("/v1/messages", get(list_messages::list_messages).post(send_message::send_message))
        .route("/v1/messages/batch", post(send_batch::send_batch))
        .route("/v1/messages/{id}", get(show_message::show_message))
        .route("/v1/messages/{id}/mime", get(steer_message::read_mime))
        .route("/v1/messages/{id}/cancel", post(steer_message::cancel))
        .route("/v1/messages/{id}/retry", post(steer_message::retry))
        .route("/v1/limits", get(limits::limits))
        .route("/v1/test", post(test_server::by_key))
        .route("/api/mailboxes/{mailbox}/test", post(test_server::by_person))
        .route("/v1/links", post(links::link_for_key))
        // The browser
        .route("/api/session", get(session::show).post(session::open).delete(session::end))
        .route("/api/mailboxes", post(create_mailbox::for_session))
        .route("/api/mailboxes/{mailbox}", get(mailbox::show).put(mailbox::save))
        .route("/api/mailboxes/{mailbox}/authentication", delete(mailbox::remove))
        .route("/api/mailboxes/{mailbox}/authentication/renewal", post(approval::check_again))
        .route("/api/mailboxes/{mailbox}/approval", post(approval::ask).delete(approval::withdraw))
        .route("/api/mailboxes/{mailbox}/consent", post(consent::begin))
        .route("/api/mailboxes/{mailbox}/consent/{attempt}", post(consent::finish))
        .route("/api/mailboxes/{mailbox}/consent/{attempt}/refusal", post(consent::refuse))
        .route("/api/mailboxes/{mailbox}/consent/{attempt}/answer", post(consent::answer))
        // The operator
        .route("/operator/organisations", post(operator::create_organisation))
        .route("/operator/organisations/{organisation}/mailboxes", post(create_mailbox::for_operator))
        .route("/operator/organisations/{organisation}/keys", post(operator::create_key))
        .route("/operator/organisations/{organisation}/links", post(links::link_for_operator))
        .route(
            "/operator/organisations/{organisation}/registration",
            get(registration::show).put(registration::set).delete(registration::forget),
        )
        // Pages
        .route("/", get(pages::page))
        .route("/open", get(pages::page))
        .route("/mailboxes/{mailbox}", get(pages::page))
        .route("/oauth/callback", get(pages::page))
        .route("/oauth/approved", get(approved_page::approved_page))
        .route("/problems/{code}", get(problem_page::problem_page))
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
    let config = app.config().ok();
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
