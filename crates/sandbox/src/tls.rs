//! TLS for localhost: an own CA, kept between runs so that it is trusted once, and a listener that hands over finished
//! connections.

use std::{fs, io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::serve::Listener;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
    server::TlsStream,
};

/// A client that connects and says nothing holds up only itself.
pub(crate) const HANDSHAKE: Duration = Duration::from_secs(10);

/// An acceptor with a fresh certificate for `localhost`, `127.0.0.1` and `::1`, signed by the CA in `ca.pem`, which is
/// made when it is not there yet (its key: `ca.key.pem`, readable by its owner only).
pub(crate) fn acceptor(state_dir: &Path) -> io::Result<TlsAcceptor> {
    presenting(&["localhost", "127.0.0.1", "::1"], &authority(state_dir)?)
}

/// What the SMTP server can show: its certificate, and two that no client may put up with.
pub(crate) struct Identities {
    pub(crate) usual: TlsAcceptor,
    /// Of the same CA, for another server.
    pub(crate) wrong_name: TlsAcceptor,
    /// For the right names, of a CA that nobody has heard of.
    pub(crate) untrusted: TlsAcceptor,
}

impl Identities {
    pub(crate) fn new(state_dir: &Path) -> io::Result<Self> {
        let names = ["localhost", "smtp.office365.com", "127.0.0.1", "::1"];
        let issuer = authority(state_dir)?;
        let stranger = Issuer::new(
            authority_params("Somebody else's CA"),
            KeyPair::generate().map_err(io::Error::other)?,
        );
        Ok(Self {
            usual: presenting(&names, &issuer)?,
            wrong_name: presenting(&["another-server.example"], &issuer)?,
            untrusted: presenting(&names, &stranger)?,
        })
    }
}

fn presenting(names: &[&str], issuer: &Issuer<'_, KeyPair>) -> io::Result<TlsAcceptor> {
    let all: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(all).map_err(io::Error::other)?;
    params.distinguished_name.push(DnType::CommonName, names.first().copied().unwrap_or_default());
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let certificate = params.signed_by(&key, issuer).map_err(io::Error::other)?;

    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .map_err(io::Error::other)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn authority(state_dir: &Path) -> io::Result<Issuer<'static, KeyPair>> {
    fs::create_dir_all(state_dir)?;
    let (certificate_path, key_path) = (state_dir.join("ca.pem"), state_dir.join("ca.key.pem"));
    let params = authority_params("Postbode sandbox CA");
    if certificate_path.exists() && key_path.exists() {
        // Name and key identifier follow from the same parameters and key, so the stored certificate need not be read.
        let key = KeyPair::from_pem(&fs::read_to_string(&key_path)?).map_err(io::Error::other)?;
        return Ok(Issuer::new(params, key));
    }
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let certificate = params.self_signed(&key).map_err(io::Error::other)?;
    write_private(&key_path, &key.serialize_pem())?;
    fs::write(&certificate_path, certificate.pem())?;
    Ok(Issuer::new(params, key))
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write as _;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

/// Accepts TCP, shakes hands beside it, and gives axum what is ready.
pub(crate) struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl TlsListener {
    pub(crate) fn new(mut listener: TcpListener, acceptor: TlsAcceptor) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (sender, ready) = mpsc::channel(64);
        tokio::spawn(async move {
            loop {
                let (stream, peer) = Listener::accept(&mut listener).await;
                let (acceptor, sender) = (acceptor.clone(), sender.clone());
                tokio::spawn(async move {
                    // A failed handshake concerns nobody here: the client knows why it left.
                    if let Ok(Ok(stream)) = timeout(HANDSHAKE, acceptor.accept(stream)).await {
                        let _ = sender.send((stream, peer)).await;
                    }
                });
            }
        });
        Ok(Self { address, ready })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The accepting task never ends while the runtime lives.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_is_made_once() {
        let directory = std::env::temp_dir().join(format!("sandbox-ca-{}", crate::random::guid()));
        acceptor(&directory).unwrap();
        let first = fs::read_to_string(directory.join("ca.pem")).unwrap();
        acceptor(&directory).unwrap();
        assert_eq!(fs::read_to_string(directory.join("ca.pem")).unwrap(), first);
        fs::remove_dir_all(directory).unwrap();
    }
}
