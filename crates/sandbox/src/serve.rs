//! Ports: HTTP and SMTP, each plain and over TLS, on both loopback addresses, one sandbox behind all of them.

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
    smtp::{self, Security, Server},
    state::Sandbox,
    tls::{self, Identities, TlsListener},
};

/// Where to listen; port 0 picks a free one.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// For plain HTTP.
    pub port: u16,
    /// For TLS.
    pub tls_port: u16,
    /// For SMTP with STARTTLS; without one [`Addresses::SMTP_PORT`], or a free one where that is taken.
    pub smtp_port: Option<u16>,
    /// For SMTP over TLS; without one [`Addresses::SMTPS_PORT`], or a free one where that is taken.
    pub smtps_port: Option<u16>,
    /// Where `ca.pem` is, or is made.
    pub state_dir: PathBuf,
}

impl Addresses {
    /// 587, for people who are not root.
    pub const SMTP_PORT: u16 = 8587;
    /// 465 likewise.
    pub const SMTPS_PORT: u16 = 8465;
}

/// A sandbox that listens.
#[derive(Debug)]
pub struct Serving {
    /// The plain port.
    pub port: u16,
    /// The TLS port.
    pub tls_port: u16,
    /// SMTP with STARTTLS.
    pub smtp_port: u16,
    /// SMTP over TLS.
    pub smtps_port: u16,
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
    let identities = Identities::new(&addresses.state_dir)?;
    let server = Arc::new(Server { sandbox: Arc::clone(&sandbox), identities });
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
    let (starttls_port, plain) = bind_or_free(addresses.smtp_port, Addresses::SMTP_PORT).await?;
    let (implicit_port, secure) = bind_or_free(addresses.smtps_port, Addresses::SMTPS_PORT).await?;
    let plain = plain.into_iter().map(|listener| (listener, Security::Starttls));
    for (listener, security) in plain.chain(secure.into_iter().map(|listener| (listener, Security::Implicit)))
    {
        let server = Arc::clone(&server);
        tasks.spawn(async move {
            smtp::serve(listener, server, security).await;
            Ok(())
        });
    }
    Ok(Serving { port, tls_port, smtp_port: starttls_port, smtps_port: implicit_port, tasks })
}

fn with_scheme(router: &Router, scheme: Scheme) -> Router {
    router.clone().layer(Extension(scheme))
}

/// The port asked for and no other; where none was, the usual one, or a free one beside somebody else's sandbox.
async fn bind_or_free(port: Option<u16>, usual: u16) -> io::Result<(u16, Vec<TcpListener>)> {
    match bind(port.unwrap_or(usual)).await {
        Err(error) if port.is_none() && error.kind() == io::ErrorKind::AddrInUse => bind(0).await,
        bound => bound,
    }
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
