use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::config::{Config, ConfigError, read_text};

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Trusts the public certificate authorities, and the owner's.
pub(crate) fn connector(config: &Config) -> Result<TlsConnector, ConfigError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = &config.ca_file {
        let wrong = |error: &dyn ToString| ConfigError::Pem(path.clone(), error.to_string());
        for certificate in certificates(path)? {
            roots.add(certificate).map_err(|error| wrong(&error))?;
        }
    }
    let client = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| ConfigError::Pem("TLS".into(), error.to_string()))?;
    Ok(Arc::new(client.with_root_certificates(roots).with_no_client_auth()).into())
}

/// What the relay shows to whoever sends an order by https.
pub(crate) fn identity(certificate: &Path, key: &Path) -> Result<ServerConfig, ConfigError> {
    let wrong = |path: &Path, error: &dyn ToString| ConfigError::Pem(path.to_owned(), error.to_string());
    let chain = certificates(certificate)?;
    let secret =
        PrivateKeyDer::from_pem_slice(read_text(key)?.as_bytes()).map_err(|error| wrong(key, &error))?;
    let mut server = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(certificate, &error))?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| wrong(certificate, &error))?;
    server.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(server)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let text = read_text(path)?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let certificates = read.map_err(|error| ConfigError::Pem(path.to_owned(), error.to_string()))?;
    if certificates.is_empty() {
        return Err(ConfigError::Pem(path.to_owned(), "there is no certificate in it".to_owned()));
    }
    Ok(certificates)
}
