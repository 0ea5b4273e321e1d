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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio_rustls::rustls::pki_types::ServerName;

    use super::*;
    use crate::scenarios::config;
    use crate::serve::serve;

    /// By its own certificate, and to whoever trusts the authority that the owner names.
    #[tokio::test]
    async fn it_is_reached_by_https() {
        let directory = std::env::temp_dir().join(format!("relay-tls-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (certificate, key) = (directory.join("certificate.pem"), directory.join("key.pem"));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let (path, key) = (certificate.to_string_lossy().into_owned(), key.to_string_lossy().into_owned());
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        let arguments = [
            "--servers",
            "*:587",
            "--tls-cert",
            &path,
            "--tls-key",
            &key,
            "--ca-file",
            &path,
            "--listen",
            &listen,
        ];
        let client = connector(&config(&arguments)).unwrap();
        let config = config(&arguments);
        tokio::spawn(async move { serve(config).await.map_err(|error| error.to_string()) });
        let stream = loop {
            match TcpStream::connect(&listen).await {
                Ok(stream) => break stream,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        let mut stream = client.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
        stream
            .write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        // A farewell without close_notify is an error that comes after everything was read.
        let _ = stream.read_to_string(&mut answer).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"kantoor\""), "{answer}");
        std::fs::remove_dir_all(directory).unwrap();
    }
}
