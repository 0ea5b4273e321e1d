//! `POST /v1/submissions`: one order in, its steps and its outcome out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{BodyDataStream, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use futures_util::StreamExt as _;
use relay_contract::{Order, Problem, ProblemCode};
use sha2::{Digest as _, Sha256};
use smtp::Piece;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::allowed::{Where, is_public};
use crate::answer::{problem, refuse, tell};
use crate::clock::now_ms;
use crate::conversation::Conversation;
use crate::line::{Incoming, OPENING};
use crate::outcomes::{Begun, Progress};
use crate::reception::{Received, receive};
use crate::relay::Relay;

/// Pieces of a message that wait for the mail server; together with the connection's buffer all that is held of it.
const PIECES_WAITING: usize = 2;
/// How long a message may take to come; a conversation lasts no longer.
const MESSAGE_DEADLINE: Duration = Duration::from_secs(160);
/// Before a refusal this much is still read, so that whoever writes it hears the answer and not a broken connection.
const DRAINED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// And for this long.
const DRAIN_DEADLINE: Duration = Duration::from_secs(5);

pub(crate) async fn submit(State(relay): State<Arc<Relay>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut body = body.into_data_stream();
    let taken = match receive(&relay, &parts, &mut body).await {
        Ok(received) => take(&relay, received, &mut body).await,
        Err(problem) => Err(problem),
    };
    match taken {
        Ok(progress) => tell(progress),
        Err(problem) => {
            relay.metrics.refused(problem.code);
            tracing::warn!(code = ?problem.code, detail = problem.detail, "order not taken");
            let _ = timeout(DRAIN_DEADLINE, drain(&mut body, DRAINED_BYTES_MAX)).await;
            refuse(&problem)
        }
    }
}

/// Begins the conversation and passes the message on to it.
async fn take(
    relay: &Arc<Relay>,
    received: Received,
    body: &mut BodyDataStream,
) -> Result<watch::Receiver<Progress>, Problem> {
    let Received { order, message_sha256, rest } = received;
    if let Some(progress) = relay.outcomes.again(&order.id, now_ms()) {
        let _ = timeout(MESSAGE_DEADLINE, drain(body, usize::MAX)).await;
        return Ok(progress);
    }
    let mut nonce = [0; 18];
    getrandom::fill(&mut nonce).map_err(|error| problem(ProblemCode::Busy, &error.to_string()))?;
    let plan = order.plan(nonce).map_err(|error| problem(ProblemCode::Order, &error.to_string()))?;
    let size = order.message.as_ref().map_or(0, |message| message.size);
    if size > relay.config.message_bytes_max {
        let detail = format!("{size} bytes; this relay takes {}", relay.config.message_bytes_max);
        return Err(problem(ProblemCode::TooLarge, &detail));
    }
    let (name, addresses) = look_up(relay, &order).await?;
    let permit = Arc::clone(&relay.conversations).try_acquire_owned();
    let permit = permit.map_err(|_| problem(ProblemCode::Busy, "all conversations are taken"))?;
    let progress = match relay.outcomes.begin(&order.id, now_ms()) {
        Begun::First(progress) => progress,
        Begun::Again(progress) => {
            drop(permit);
            let _ = timeout(MESSAGE_DEADLINE, drain(body, usize::MAX)).await;
            return Ok(progress);
        }
        Begun::Full => return Err(problem(ProblemCode::Busy, "no more outcomes can be remembered")),
    };
    let watched = progress.subscribe();
    let (sender, pieces) = mpsc::channel(PIECES_WAITING);
    let incoming = Incoming { pieces, left: size, announced_sha256: message_sha256, hash: Sha256::new() };
    let Order { id, server, .. } = order;
    let conversation = Conversation { id, server, name, addresses, plan, incoming, progress, permit };
    tokio::spawn(conversation.hold(Arc::clone(relay)));
    let _ = timeout(MESSAGE_DEADLINE, pass_on(rest, body, sender)).await;
    Ok(watched)
}

/// Where the server is, of what its owner allows. A name that leads nowhere is no refusal: the conversation tells.
async fn look_up(relay: &Relay, order: &Order) -> Result<(ServerName<'static>, Vec<SocketAddr>), Problem> {
    let (host, port) = (order.server.host.trim(), order.server.port);
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let name = ServerName::try_from(bare.to_owned())
        .map_err(|_| problem(ProblemCode::Order, &format!("{host} is not the name of a server")))?;
    let allowed = relay.config.allowed.judge(host, port).ok_or_else(|| {
        let detail = format!(
            "this relay does not speak with {host}:{port}; its owner allows servers in RELAY_SERVERS"
        );
        problem(ProblemCode::ServerNotAllowed, &detail)
    })?;
    let found = timeout(OPENING, tokio::net::lookup_host((bare, port))).await;
    let found: Vec<SocketAddr> = found.ok().and_then(Result::ok).map(Iterator::collect).unwrap_or_default();
    let usable: Vec<SocketAddr> = found
        .iter()
        .copied()
        .filter(|address| allowed == Where::Anywhere || is_public(address.ip()))
        .collect();
    if usable.is_empty() && !found.is_empty() {
        let detail = format!(
            "{host} is inside a network; the relay's owner allows that in RELAY_PRIVATE_SERVERS={host}:{port}"
        );
        return Err(problem(ProblemCode::PrivateAddress, &detail));
    }
    Ok((name, usable))
}

/// Passes the message on; when the conversation is over early, the rest is still read.
async fn pass_on(rest: Bytes, body: &mut BodyDataStream, pieces: mpsc::Sender<Piece<Bytes>>) {
    if !rest.is_empty() && pieces.send(Piece::Chunk(rest)).await.is_err() {
        return drain(body, usize::MAX).await;
    }
    loop {
        let piece = match body.next().await {
            Some(Ok(bytes)) => Piece::Chunk(bytes),
            Some(Err(_)) => Piece::Broken,
            None => Piece::End,
        };
        let is_last = !matches!(piece, Piece::Chunk(_));
        if pieces.send(piece).await.is_err() {
            return drain(body, usize::MAX).await;
        }
        if is_last {
            return;
        }
    }
}

async fn drain(body: &mut BodyDataStream, at_most: usize) {
    let mut drained = 0_usize;
    while let Some(Ok(bytes)) = body.next().await {
        drained = drained.saturating_add(bytes.len());
        if drained > at_most {
            return;
        }
    }
}
