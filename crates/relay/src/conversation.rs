//! One order carried out, whether whoever sent it waits for the answer or not.

use std::net::SocketAddr;
use std::sync::Arc;

use relay_contract::Server;
use smtp::{Ending, Outcome, Plan, Session, converse, unconnected};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::line::{Incoming, Line, Unopened};
use crate::outcomes::Progress;
use crate::relay::Relay;

/// Everything that an order needs to be carried out.
pub(crate) struct Conversation {
    pub(crate) id: String,
    pub(crate) server: Server,
    pub(crate) name: ServerName<'static>,
    /// Looked up once, and judged; a name that leads elsewhere a moment later makes no difference.
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) plan: Plan,
    pub(crate) incoming: Incoming,
    pub(crate) progress: watch::Sender<Progress>,
    /// Held for as long as it lasts.
    pub(crate) permit: OwnedSemaphorePermit,
}

impl Conversation {
    pub(crate) async fn hold(self, relay: Arc<Relay>) {
        let Self { id, server, name, addresses, plan, incoming, progress, permit } = self;
        let begun = Instant::now();
        let security = plan.security;
        let mut session = Session::new(plan);
        let opened = Line::open(name, &addresses, security, relay.tls.clone(), incoming, progress).await;
        let (outcome, progress) = match opened {
            Ok(mut line) => (converse(&mut session, &mut line).await, line.progress),
            Err((why, progress)) => (unconnected(&mut session, why == Unopened::NoTls), progress),
        };
        if let Some(outcome) = outcome {
            relay.metrics.ended(&outcome, begun.elapsed());
            log(&id, &server, &outcome, begun.elapsed().as_millis());
            progress.send_modify(|progress| progress.outcome = Some(outcome));
        }
        drop(permit);
    }
}

/// One line for each conversation, without addresses or secrets.
fn log(id: &str, server: &Server, outcome: &Outcome, ms: u128) {
    let said = outcome.reply().map(smtp::Reply::code);
    let (host, port, phase) = (&server.host, server.port, outcome.phase.as_str());
    let ending = ending(outcome);
    tracing::info!(id, %host, port, ending, phase, said, ms, "conversation");
}

/// How it ended, in a word.
pub(crate) fn ending(outcome: &Outcome) -> &'static str {
    match outcome.ending {
        Ending::SignedIn(_) => "signed_in",
        Ending::HandedOver { .. } => "handed_over",
        Ending::Refused(_) => "refused",
        Ending::NoRecipient => "no_recipient",
        Ending::Stopped(_) => "stopped",
        Ending::Unknown(_) => "unknown",
    }
}
