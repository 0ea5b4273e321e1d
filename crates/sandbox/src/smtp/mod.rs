//! SMTP client submission as Exchange Online does it (section 6), for people who have no Exchange.
//!
//! Port 587's dialogue with STARTTLS, and the same within TLS from the first byte, which Exchange itself does not offer.
//! It is written from the fact sheet and the RFCs: the product's own SMTP is no part of it.

mod accept;
mod command;
pub(crate) mod data;
mod mishaps;
mod reply;
mod session;
mod sign_in;
mod submit;
#[cfg(test)]
mod tests;
mod token;
mod traffic;
mod transaction;
mod wire;

use std::sync::Arc;

use axum::serve::Listener;
use tokio::net::TcpListener;

pub(crate) use traffic::Traffic;

use crate::{state::Sandbox, tls::Identities};

/// What all connections share.
pub(crate) struct Server {
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) identities: Identities,
}

/// When TLS begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Security {
    Starttls,
    Implicit,
}

/// Takes connections for ever; one that fails concerns nobody else.
pub(crate) async fn serve(mut listener: TcpListener, server: Arc<Server>, security: Security) {
    loop {
        let (stream, peer) = Listener::accept(&mut listener).await;
        // Small replies must not wait for each other; without it they only come later.
        let _ = stream.set_nodelay(true);
        let server = Arc::clone(&server);
        tokio::spawn(async move { session::run(server, stream, peer.ip(), security).await });
    }
}
