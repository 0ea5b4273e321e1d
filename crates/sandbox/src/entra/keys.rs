//! The key that signs `id_token`s: made at start, told at `/discovery/v2.0/keys`, never stored.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{rand::SystemRandom, signature};
use rsa::{PrivateKey, pkcs8::EncodePrivateKey, traits::PublicKeyParts};
use serde_json::{Value, json};

use crate::random;

/// An RSA key of 2048 bits with its name.
#[derive(Clone)]
pub(crate) struct SigningKey {
    pair: Arc<signature::RsaKeyPair>,
    kid: String,
    modulus: String,
    exponent: String,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl SigningKey {
    #[expect(
        clippy::expect_used,
        reason = "at start, before anything is served; a key just made can be written and read"
    )]
    pub(crate) fn generate() -> Self {
        let mut source = getrandom::rand_core::UnwrapErr(getrandom::SysRng);
        let key = PrivateKey::new(&mut source, 2048).expect("an RSA key");
        let der = key.to_pkcs8_der().expect("a key just made can be written");
        let pair = signature::RsaKeyPair::from_pkcs8(der.as_bytes()).expect("a key just written can be read");
        Self {
            pair: Arc::new(pair),
            kid: random::text(20),
            modulus: URL_SAFE_NO_PAD.encode(key.n().to_be_bytes_trimmed_vartime()),
            exponent: URL_SAFE_NO_PAD.encode(key.e().to_be_bytes_trimmed_vartime()),
        }
    }

    /// A JSON Web Token, RS256 (section 1.9).
    #[expect(clippy::expect_used, reason = "fails only when the buffer's length is wrong")]
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({ "typ": "JWT", "alg": "RS256", "kid": self.kid });
        let content = format!("{}.{}", part(&header), part(claims));
        let mut signed = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), content.as_bytes(), &mut signed)
            .expect("the buffer has the modulus's length");
        format!("{content}.{}", URL_SAFE_NO_PAD.encode(signed))
    }

    /// The key set document.
    pub(crate) fn published(&self) -> Value {
        json!({ "keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "x5t": self.kid,
            "n": self.modulus, "e": self.exponent,
        }] })
    }
}

/// One part of a JSON Web Token.
pub(crate) fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn the_published_key_verifies_what_was_signed() {
        let key = testing::key();
        let token = key.sign(&json!({ "a": 1 }));
        let (content, signed) = token.rsplit_once('.').unwrap();
        let field = |name: &str| {
            let set = key.published();
            URL_SAFE_NO_PAD.decode(set["keys"][0][name].as_str().unwrap()).unwrap()
        };
        let public = signature::RsaPublicKeyComponents { n: field("n"), e: field("e") };
        let signed = URL_SAFE_NO_PAD.decode(signed).unwrap();
        let check = |content: &str| {
            public.verify(&signature::RSA_PKCS1_2048_8192_SHA256, content.as_bytes(), &signed).is_ok()
        };
        assert!(check(content));
        assert!(!check(&format!("{content}x")));
    }
}
