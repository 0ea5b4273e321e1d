//! All routes, in one list.

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, routing::get};

use crate::{control, entra, graph, home, html, inbox, refused, state::Sandbox};

/// The whole sandbox as one service. Add a [`crate::Scheme`] extension when it is served over TLS.
pub fn router(sandbox: Arc<Sandbox>) -> Router {
    Router::new()
        .route("/", get(home::page))
        .route("/sandbox.css", get(html::stylesheet))
        .merge(entra::routes(&sandbox))
        .merge(graph::routes(&sandbox))
        .merge(inbox::routes())
        .merge(control::routes())
        .fallback(refused::unknown_path)
        .method_not_allowed_fallback(refused::unknown_path)
        .layer(DefaultBodyLimit::max(1024 * 1024)) // forms and control calls; sendMail has its own cap
        .with_state(sandbox)
}
