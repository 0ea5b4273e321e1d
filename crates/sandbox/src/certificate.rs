//! A certificate an app proves itself with, as it is uploaded to its registration.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::digest;
use tokio_rustls::rustls::pki_types::CertificateDer;
use webpki::{EndEntityCert, ring as algorithms};

/// The DER form and the two names a JSON Web Token calls it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Certificate {
    der: CertificateDer<'static>,
    /// `x5t`, SHA-1.
    pub(crate) sha1: String,
    /// `x5t#S256`.
    pub(crate) sha256: String,
}

/// How a client assertion is signed (section 1.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Ps256,
    Rs256,
}

impl Certificate {
    /// Reads PEM; says what is wrong with it.
    pub(crate) fn from_pem(pem: &str) -> Result<Self, String> {
        let begin = "-----BEGIN CERTIFICATE-----";
        let (_, rest) = pem.split_once(begin).ok_or_else(|| format!("no {begin}"))?;
        let (body, _) = rest.split_once("-----END CERTIFICATE-----").ok_or("the certificate has no end")?;
        let packed: String = body.split_ascii_whitespace().collect();
        let der = STANDARD.decode(packed).map_err(|_| "the certificate is not base64")?;
        let der = CertificateDer::from(der);
        EndEntityCert::try_from(&der).map_err(|error| format!("the certificate can't be read: {error}"))?;
        let name = |algorithm| URL_SAFE_NO_PAD.encode(digest::digest(algorithm, &der));
        let (sha1, sha256) = (name(&digest::SHA1_FOR_LEGACY_USE_ONLY), name(&digest::SHA256));
        Ok(Self { der, sha1, sha256 })
    }

    /// Whether its key made the signature.
    pub(crate) fn verifies(&self, algorithm: Algorithm, content: &[u8], signature: &[u8]) -> bool {
        let algorithm = match algorithm {
            Algorithm::Ps256 => algorithms::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
            Algorithm::Rs256 => algorithms::RSA_PKCS1_2048_8192_SHA256,
        };
        EndEntityCert::try_from(&self.der)
            .is_ok_and(|certificate| certificate.verify_signature(algorithm, content, signature).is_ok())
    }
}
