use std::fmt;

use base16ct::lower::{decode_vec, encode_string};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// How far two clocks may be apart, in milliseconds. An order that is older is not believed, whatever its signature.
pub const SKEW_MS_MAX: i64 = 300_000;

/// What one relay and one installation share; no other relay knows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; Self::BYTES]);

/// A text that is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a relay key is {} random bytes in base64 (openssl rand -base64 32)", Key::BYTES)]
pub struct KeyError;

impl Key {
    const BYTES: usize = 32;

    /// Reads base64 (RFC 4648 section 4).
    pub fn read(text: &str) -> Result<Self, KeyError> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| KeyError)?;
        bytes.try_into().map(Self).map_err(|_| KeyError)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key([redacted])")
    }
}

/// Everything of a request that is signed.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// The relay that it is for.
    pub relay: &'r str,
    /// `POST`.
    pub method: &'r str,
    /// The path without the host, which a tunnel may change.
    pub path: &'r str,
    /// When it was made, in milliseconds since 1970.
    pub time_ms: i64,
    /// Random, and used once.
    pub nonce: &'r str,
    /// The order as it stands in the body.
    pub order: &'r [u8],
    /// SHA-256 of the message, which is checked before the final dot.
    pub message_sha256: [u8; 32],
}

/// An HMAC-SHA256 (RFC 2104) over [`Request`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature(String);

/// Why a request is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The signature is not one that this key makes of this request.
    #[error("the signature does not fit the request")]
    Signature,
    /// The clocks are too far apart, or the request has been on its way for too long.
    #[error("the request is from another time; are both clocks right?")]
    Time,
    /// It is from before this relay began to remember what it has seen.
    #[error("the request is from before this relay was started")]
    BeforeStart,
    /// The same request came before.
    #[error("the request came before")]
    Replayed,
}

impl Signature {
    /// Signs a request.
    #[must_use]
    pub fn of(key: &Key, request: &Request<'_>) -> Self {
        Self(format!("v1={}", encode_string(&mac(key, request).finalize().into_bytes())))
    }

    /// As it stands in the header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Request<'_> {
    /// Whether it was signed with this key, and lately. Whoever asks also refuses a nonce that came before
    /// ([`Replays`](crate::Replays)).
    pub fn verify(&self, key: &Key, signature: &str, now_ms: i64, started_ms: i64) -> Result<(), Refused> {
        let shown = signature.strip_prefix("v1=").and_then(|hex| decode_vec(hex).ok());
        // The comparison takes as long for a wrong signature as for a right one.
        let fits = shown.is_some_and(|shown| mac(key, self).verify_slice(&shown).is_ok());
        match () {
            () if !fits => Err(Refused::Signature),
            () if now_ms.abs_diff(self.time_ms) > SKEW_MS_MAX.unsigned_abs() => Err(Refused::Time),
            () if self.time_ms < started_ms => Err(Refused::BeforeStart),
            () => Ok(()),
        }
    }

    /// What is signed: a line for each part. None of them can hold a line break and mean something else.
    fn text(&self) -> String {
        [
            "postbode-relay-v1",
            self.relay,
            self.method,
            self.path,
            &self.time_ms.to_string(),
            self.nonce,
            &encode_string(&Sha256::digest(self.order)),
            &encode_string(&self.message_sha256),
        ]
        .map(|part| part.replace('\n', "\\n"))
        .join("\n")
    }
}

fn mac(key: &Key, request: &Request<'_>) -> Hmac<Sha256> {
    // RFC 2104 section 2: a key shorter than a block is filled up with zeros, which can't fail.
    let mut block = [0; 64];
    block.iter_mut().zip(key.0).for_each(|(padded, byte)| *padded = byte);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(request.text().as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    const NOW: i64 = 1_795_459_200_000;

    fn key() -> Key {
        Key([7; 32])
    }

    fn request() -> Request<'static> {
        Request {
            relay: "kantoor",
            method: "POST",
            path: "/v1/submissions",
            time_ms: NOW,
            nonce: "q1w2e3r4t5y6u7i8",
            order: br#"{"id":"msg_1"}"#,
            message_sha256: [1; 32],
        }
    }

    fn verify(request: &Request<'_>, now_ms: i64, started_ms: i64) -> Result<(), Refused> {
        let signature = Signature::of(&key(), request);
        request.verify(&key(), signature.as_str(), now_ms, started_ms)
    }

    #[test]
    fn what_was_signed_is_believed_for_as_long_as_clocks_may_differ() {
        for now in [NOW, NOW + SKEW_MS_MAX, NOW - SKEW_MS_MAX] {
            assert_eq!(verify(&request(), now, NOW - 1), Ok(()));
        }
        for now in [NOW + SKEW_MS_MAX + 1, NOW - SKEW_MS_MAX - 1, i64::MAX, i64::MIN] {
            assert_eq!(verify(&request(), now, NOW - 1), Err(Refused::Time));
        }
        assert_eq!(verify(&request(), NOW, NOW + 1), Err(Refused::BeforeStart));
    }

    #[test]
    fn nothing_of_a_request_can_be_changed() {
        let signature = Signature::of(&key(), &request());
        let changed = [
            Request { relay: "thuis", ..request() },
            Request { method: "PUT", ..request() },
            Request { path: "/v1/submissions?x", ..request() },
            Request { time_ms: NOW + 1, ..request() },
            Request { nonce: "q1w2e3r4t5y6u7i9", ..request() },
            Request { order: br#"{"id":"msg_2"}"#, ..request() },
            Request { message_sha256: [2; 32], ..request() },
            // What is moved from one part into the next.
            Request { relay: "kantoor\nPOST", method: "/v1/submissions", ..request() },
        ];
        for request in &changed {
            let refused = request.verify(&key(), signature.as_str(), NOW, 0);
            assert_eq!(refused, Err(Refused::Signature), "{request:?}");
        }
        let other = Key([8; 32]);
        assert_eq!(request().verify(&other, signature.as_str(), NOW, 0), Err(Refused::Signature));
        for wrong in ["", "v1=", "v1=00", "v2=00", signature.as_str().trim_start_matches("v1=")] {
            assert_eq!(request().verify(&key(), wrong, NOW, 0), Err(Refused::Signature), "{wrong}");
        }
    }

    #[test]
    fn a_key_is_32_bytes_and_is_not_printed() {
        let text = STANDARD.encode([7; 32]);
        assert_eq!(Key::read(&format!(" {text}\n")), Ok(key()));
        for wrong in ["", "AAAA", &STANDARD.encode([7; 31]), &"=".repeat(44)] {
            assert_eq!(Key::read(wrong), Err(KeyError), "{wrong}");
        }
        assert!(!format!("{:?}", key()).contains('7'));
    }

    #[derive(Deserialize)]
    struct Vector {
        key: String,
        relay: String,
        method: String,
        path: String,
        time_ms: i64,
        nonce: String,
        order: String,
        message: String,
        message_sha256: String,
        signed_text: String,
        signature: String,
    }

    /// Made by `data/vectors.py`, which knows nothing of this crate.
    #[test]
    fn the_vectors_that_another_relay_is_written_by() {
        let vectors: Vec<Vector> = serde_json::from_str(include_str!("../data/vectors.json")).unwrap();
        assert!(!vectors.is_empty());
        for vector in vectors {
            let order: crate::Order = serde_json::from_str(&vector.order).unwrap();
            assert!(order.plan([0; 18]).is_ok());
            assert_eq!(order.message.map_or(0, |message| message.size), vector.message.len() as u64);
            let hash: [u8; 32] = Sha256::digest(vector.message.as_bytes()).into();
            assert_eq!(encode_string(&hash), vector.message_sha256);
            let request = Request {
                relay: &vector.relay,
                method: &vector.method,
                path: &vector.path,
                time_ms: vector.time_ms,
                nonce: &vector.nonce,
                order: vector.order.as_bytes(),
                message_sha256: hash,
            };
            assert_eq!(request.text(), vector.signed_text);
            assert_eq!(Signature::of(&Key::read(&vector.key).unwrap(), &request).as_str(), vector.signature);
        }
    }
}
