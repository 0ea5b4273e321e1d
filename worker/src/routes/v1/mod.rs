//! What ERPs ask, with an API key.

mod batch;
mod limits;
mod links;
mod list;
mod message_payload;
mod messages;
mod send;
mod server_test;

use axum::Router;
use axum::routing::{get, post};

use super::App;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/messages", get(list::list).post(send::send))
        .route("/v1/messages/batch", post(batch::send))
        .route("/v1/messages/{id}", get(messages::show))
        .route("/v1/messages/{id}/mime", get(messages::mime))
        .route("/v1/messages/{id}/cancel", post(messages::cancel))
        .route("/v1/messages/{id}/retry", post(messages::retry))
        .route("/v1/limits", get(limits::show))
        .route("/v1/links", post(links::create))
        .route("/v1/test", post(server_test::run))
}
