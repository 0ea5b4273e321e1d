//! Ports: plain HTTP and TLS, on both loopback addresses, one router behind all of them.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use axum::{Extension, Router, middleware};
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    log,
    origin::Scheme,
    router,
    state::Sandbox,
    tls::{self, TlsListener},
};

/// Where to listen; port 0 picks a free one.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// For plain HTTP.
    pub port: u16,
    /// For TLS.
    pub tls_port: u16,
    /// Where `ca.pem` is, or is made.
    pub state_dir: PathBuf,
}

/// A sandbox that listens.
#[derive(Debug)]
pub struct Serving {
    /// The plain port.
    pub port: u16,
    /// The TLS port.
    pub tls_port: u16,
    tasks: JoinSet<io::Result<()>>,
}

impl Serving {
    /// Waits until a listener fails; normally for ever.
    pub async fn finish(mut self) -> io::Result<()> {
        match self.tasks.join_next().await {
            Some(Ok(result)) => result,
            Some(Err(error)) => Err(io::Error::other(error)),
            None => Ok(()),
        }
    }
}

/// Binds everything, then serves in the background.
pub async fn serve(sandbox: Arc<Sandbox>, addresses: &Addresses) -> io::Result<Serving> {
    let acceptor = tls::acceptor(&addresses.state_dir)?;
    let router = router(sandbox).layer(middleware::from_fn(log::line));
    let mut tasks = JoinSet::new();
    let (port, plain) = bind(addresses.port).await?;
    for listener in plain {
        let service = with_scheme(&router, Scheme::Http);
        tasks.spawn(async move { axum::serve(listener, service).await });
    }
    let (tls_port, secure) = bind(addresses.tls_port).await?;
    for listener in secure {
        let listener = TlsListener::new(listener, acceptor.clone())?;
        let service = with_scheme(&router, Scheme::Https);
        tasks.spawn(async move { axum::serve(listener, service).await });
    }
    Ok(Serving { port, tls_port, tasks })
}

fn with_scheme(router: &Router, scheme: Scheme) -> Router {
    router.clone().layer(Extension(scheme))
}

/// `127.0.0.1`, and `::1` where the machine has it: browsers try either for `localhost`.
async fn bind(port: u16) -> io::Result<(u16, Vec<TcpListener>)> {
    let first = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    let port = first.local_addr()?.port();
    let mut listeners = vec![first];
    if let Ok(second) = TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port))).await {
        listeners.push(second);
    }
    Ok((port, listeners))
}
