//! What our own pages ask for an employee, with a session.

mod approval;
mod consent;
mod mailboxes;
mod session;

use axum::Router;
use axum::routing::{delete, get, post};

use super::App;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/api/session", get(session::show).post(session::open).delete(session::end))
        .route("/api/mailboxes", post(mailboxes::create))
        .route("/api/mailboxes/{mailbox}", get(mailboxes::show).put(mailboxes::save))
        .route("/api/mailboxes/{mailbox}/test", post(mailboxes::test))
        .route("/api/mailboxes/{mailbox}/authentication", delete(mailboxes::remove))
        .route("/api/mailboxes/{mailbox}/authentication/renewal", post(approval::check_again))
        .route("/api/mailboxes/{mailbox}/seen", post(mailboxes::seen))
        .route("/api/mailboxes/{mailbox}/approval", post(approval::ask).delete(approval::withdraw))
        .route("/api/mailboxes/{mailbox}/consent", post(consent::begin))
        .route("/api/mailboxes/{mailbox}/consent/{attempt}", post(consent::finish))
        .route("/api/mailboxes/{mailbox}/consent/{attempt}/refusal", post(consent::refuse))
        .route("/api/mailboxes/{mailbox}/consent/{attempt}/answer", post(consent::answer))
}
