//! What the operator asks, with the operator secret.

mod organisations;
mod registration;

use axum::Router;
use axum::routing::{get, post};

use super::App;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/operator/organisations", post(organisations::create))
        .route("/operator/organisations/{organisation}/mailboxes", post(organisations::create_mailbox))
        .route("/operator/organisations/{organisation}/keys", post(organisations::create_key))
        .route("/operator/organisations/{organisation}/links", post(organisations::create_link))
        .route(
            "/operator/organisations/{organisation}/registration",
            get(registration::show).put(registration::set).delete(registration::forget),
        )
}
