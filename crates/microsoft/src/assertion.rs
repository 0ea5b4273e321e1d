use api::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{self, Decode as _, Reader as _, SliceReader, Tag, pem};
use x509_cert::spki::SubjectPublicKeyInfoRef;
use x509_cert::time::Validity;

/// Why a certificate can't stand for an app.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// It is no X.509 certificate in PEM.
    #[error("a certificate is PEM, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----")]
    Unreadable,
    /// Its key is not RSA, the only kind that Entra takes here.
    #[error("the certificate's key must be RSA")]
    NotRsa,
    /// The private key is no PKCS #8 in PEM without a password.
    #[error(
        "a private key is PEM of PKCS #8 without a password, from -----BEGIN PRIVATE KEY----- (openssl pkcs8 -topk8 -nodes)"
    )]
    PrivateKey,
}

/// Reads the private key that belongs to a certificate: the DER of PKCS #8, as WebCrypto imports it.
pub fn read_private_key(text: &str) -> Result<Vec<u8>, CertificateError> {
    match pem::decode_vec(text.trim().as_bytes()) {
        Ok(("PRIVATE KEY", der)) => Ok(der),
        _ => Err(CertificateError::PrivateKey),
    }
}

/// What is needed of an app's certificate: Entra finds the public key by its thumbprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of the DER encoding, in base64url.
    pub thumbprint: String,
    /// Until when it is valid.
    pub not_after: Timestamp,
    /// The public key as DER of `SubjectPublicKeyInfo`, to check that the private key is the one that belongs to it.
    pub public_key: Vec<u8>,
}

/// `rsaEncryption` (RFC 8017 appendix A.1).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

impl Certificate {
    /// Reads a PEM certificate.
    pub fn read(pem: &str) -> Result<Self, CertificateError> {
        let Ok(("CERTIFICATE", certificate)) = pem::decode_vec(pem.trim().as_bytes()) else {
            return Err(CertificateError::Unreadable);
        };
        let (validity, public_key) =
            validity_and_key(&certificate).map_err(|_| CertificateError::Unreadable)?;
        let info = SubjectPublicKeyInfoRef::from_der(public_key).map_err(|_| CertificateError::Unreadable)?;
        if info.algorithm.oid != RSA {
            return Err(CertificateError::NotRsa);
        }
        let seconds = validity.not_after.to_unix_duration().as_secs();
        let not_after = i64::try_from(seconds).unwrap_or(i64::MAX / 1000).saturating_mul(1000);
        Ok(Self {
            thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate)),
            not_after: Timestamp::from_millis(not_after),
            public_key: public_key.to_owned(),
        })
    }
}

/// Reads the two parts of a certificate (RFC 5280 section 4.1) that are needed, and passes over the others: names and
/// extensions are most of the code that reads all of it.
fn validity_and_key(certificate: &[u8]) -> der::Result<(Validity, &[u8])> {
    let mut reader = SliceReader::new(certificate)?;
    let parts = reader.sequence(|certificate| {
        let parts = certificate.sequence(|tbs| {
            if Tag::peek(tbs)?.is_context_specific() {
                tbs.tlv_bytes()?; // version
            }
            for _serial_signature_issuer in 0..3 {
                tbs.tlv_bytes()?;
            }
            let validity = tbs.decode()?;
            tbs.tlv_bytes()?; // subject
            let public_key = tbs.tlv_bytes()?;
            tbs.drain(tbs.remaining_len())?;
            Ok::<_, der::Error>((validity, public_key))
        })?;
        certificate.tlv_bytes()?; // signature algorithm
        certificate.tlv_bytes()?; // signature
        Ok::<_, der::Error>(parts)
    })?;
    reader.finish()?;
    Ok(parts)
}

/// An assertion lives this long, in seconds: Microsoft asks for 5 to 10 minutes.
const LIFE_SECONDS: i64 = 300;

/// What the host signs with PS256 (RSASSA-PSS with SHA-256 and a salt of 32 bytes; RFC 7518 section 3.5), so that an app
/// proves itself with its certificate (RFC 7523; Microsoft: certificate-credentials). `id` is never used twice.
#[must_use]
pub fn assertion_to_sign(
    client_id: &str,
    token_endpoint: &str,
    thumbprint: &str,
    id: &str,
    now: Timestamp,
) -> String {
    let now = now.seconds();
    let header = Header { alg: "PS256", typ: "JWT", thumbprint };
    let claims = Claims {
        aud: token_endpoint,
        iss: client_id,
        sub: client_id,
        jti: id,
        nbf: now,
        iat: now,
        exp: now + LIFE_SECONDS,
    };
    format!("{}.{}", encoded(&header), encoded(&claims))
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    #[serde(rename = "x5t#S256")]
    thumbprint: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    jti: &'a str,
    nbf: i64,
    iat: i64,
    exp: i64,
}

/// Base64url of JSON (RFC 7515 section 2). Writing texts and whole numbers can't fail.
fn encoded(part: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(part).unwrap_or_default())
}

/// Puts the signature to what was signed.
#[must_use]
pub fn signed_assertion(to_sign: &str, signature: &[u8]) -> String {
    format!("{to_sign}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_known_by_the_thumbprint_of_its_der() {
        let certificate = Certificate::read(include_str!("../tests/certificate.pem")).unwrap();
        // openssl x509 -in certificate.pem -outform DER | openssl dgst -sha256 -binary | basenc --base64url
        assert_eq!(certificate.thumbprint, include_str!("../tests/certificate.thumbprint").trim());
        assert_eq!(certificate.not_after.to_string(), "2036-11-20T22:13:47.000Z");
        assert_eq!(Certificate::read("hello"), Err(CertificateError::Unreadable));
        assert_eq!(Certificate::read(include_str!("../tests/elliptic.pem")), Err(CertificateError::NotRsa));
    }

    #[test]
    fn a_private_key_is_pkcs8() {
        let pem = "-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n";
        assert_eq!(read_private_key(pem), Ok(vec![1, 2, 3]));
        for other in [
            pem.replace("PRIVATE", "RSA PRIVATE"),
            pem.replace("PRIVATE", "ENCRYPTED PRIVATE"),
            String::new(),
        ] {
            assert_eq!(read_private_key(&other), Err(CertificateError::PrivateKey));
        }
    }

    #[test]
    fn an_assertion_says_what_microsoft_documents() {
        let text =
            assertion_to_sign("app", "https://login/t/token", "thumb", "j-1", Timestamp::from_millis(0));
        let parts: Vec<serde_json::Value> = text
            .split('.')
            .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
            .collect();
        assert_eq!(parts[0], serde_json::json!({"alg": "PS256", "typ": "JWT", "x5t#S256": "thumb"}));
        assert_eq!(parts[1]["aud"], "https://login/t/token");
        assert_eq!((&parts[1]["iss"], &parts[1]["sub"]), (&"app".into(), &"app".into()));
        assert_eq!((&parts[1]["nbf"], &parts[1]["exp"]), (&0.into(), &300.into()));
        assert_eq!(signed_assertion("a.b", &[1, 2]), "a.b.AQI");
    }
}
