use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::TokioTimer;
use relay_contract::wire;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::relay::Relay;
use crate::submit::submit;
use crate::tls;

/// How long headers may take.
const HEADERS_DEADLINE: Duration = Duration::from_secs(10);
/// Bytes that are read from a connection before they are taken from it.
const CONNECTION_BUFFER: usize = 64 * 1024;
/// When the process is told to stop, conversations get this long to end.
const FAREWELL: Duration = Duration::from_secs(165);

/// Listens until told to stop, and then lets what is under way come to its end.
pub(crate) async fn serve(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    let relay = Arc::new(Relay::new(config)?);
    if let Some(address) = relay.config.metrics_listen {
        let listener = TcpListener::bind(address).await.map_err(|error| taken(address, &error))?;
        tokio::spawn(axum::serve(listener, figures(Arc::clone(&relay))).into_future());
    }
    let listener = std::net::TcpListener::bind(relay.config.listen)
        .map_err(|error| taken(relay.config.listen, &error))?;
    listener.set_nonblocking(true)?;
    let handle = Handle::new();
    tokio::spawn(stop(handle.clone()));
    tracing::info!(id = relay.config.id, address = %listener.local_addr()?, "listening");
    let service = orders(Arc::clone(&relay)).into_make_service();
    if let Some((certificate, key)) = &relay.config.identity {
        let identity = RustlsConfig::from_config(Arc::new(tls::identity(certificate, key)?));
        let mut server = axum_server::from_tcp_rustls(listener, identity)?.handle(handle);
        bound(server.http_builder());
        server.serve(service).await?;
    } else {
        let mut server = axum_server::from_tcp(listener)?.handle(handle);
        bound(server.http_builder());
        server.serve(service).await?;
    }
    // Those whose asker has left.
    let everything = relay.conversations.acquire_many(relay.config.connections);
    let _ = tokio::time::timeout(FAREWELL, everything).await;
    Ok(())
}

fn bound(builder: &mut hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor>) {
    let mut http1 = builder.http1();
    http1.timer(TokioTimer::new()).header_read_timeout(HEADERS_DEADLINE).max_buf_size(CONNECTION_BUFFER);
}

fn taken(address: SocketAddr, error: &std::io::Error) -> String {
    format!("can't listen on {address}: {error}; choose another with RELAY_LISTEN or RELAY_METRICS_LISTEN")
}

/// What the Worker sees.
pub(crate) fn orders(relay: Arc<Relay>) -> Router {
    Router::new().route(wire::PATH, post(submit)).route("/health", get(health)).with_state(relay)
}

/// What the owner sees.
fn figures(relay: Arc<Relay>) -> Router {
    Router::new().route("/metrics", get(metrics)).route("/health", get(health)).with_state(relay)
}

async fn health(State(relay): State<Arc<Relay>>) -> impl IntoResponse {
    Json(
        serde_json::json!({ "status": "ok", "relay": relay.config.id, "version": env!("CARGO_PKG_VERSION") }),
    )
}

async fn metrics(State(relay): State<Arc<Relay>>) -> impl IntoResponse {
    let most = usize::try_from(relay.config.connections).unwrap_or(usize::MAX);
    let under_way = most.saturating_sub(relay.conversations.available_permits());
    let kind = [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];
    (kind, relay.metrics.text(under_way))
}

async fn stop(handle: Handle<SocketAddr>) {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping; what is under way comes to its end first");
    handle.graceful_shutdown(Some(FAREWELL));
}
