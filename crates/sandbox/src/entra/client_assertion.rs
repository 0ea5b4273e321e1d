//! `private_key_jwt`: an app proves itself by a JSON Web Token signed with its certificate's key (section 1.5).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    apps::App,
    certificate::{Algorithm, Certificate},
    entra::{
        errors::{self, Refusal},
        token_client::Proof,
    },
    state::Store,
};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// From `nbf` to `exp`; Entra's own limit is unknown [U].
const LIFE_SECONDS_MAX: f64 = 600.0;

/// How far the clocks may be apart [U].
const SKEW_SECONDS: f64 = 300.0;

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    x5t: Option<String>,
    #[serde(rename = "x5t#S256")]
    x5t_s256: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Claims {
    aud: String,
    iss: String,
    sub: String,
    jti: String,
    /// msal leaves it out; then `iat` says from when on.
    nbf: Option<f64>,
    iat: Option<f64>,
    /// Dates may have fractions (RFC 7519 2), and msal's have.
    exp: f64,
}

pub(crate) fn check(proof: &Proof<'_>, app: &App, assertion: &str, store: &mut Store) -> Result<(), Refusal> {
    match proof.fields.get("client_assertion_type").map(String::as_str) {
        None | Some("") => return Err(errors::parameter_missing("client_assertion_type")),
        Some(TYPE) => {}
        Some(_) => return Err(errors::assertion_type_unknown()),
    }
    let unreadable = || errors::assertion_invalid("it can't be read");
    let (content, signature) = assertion.rsplit_once('.').ok_or_else(unreadable)?;
    let (header, claims) = content.split_once('.').ok_or_else(unreadable)?;
    let header: Header = part(header).ok_or_else(unreadable)?;
    let claims: Claims = part(claims).ok_or_else(unreadable)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| unreadable())?;

    let algorithm = match header.alg.as_str() {
        "PS256" => Algorithm::Ps256,
        "RS256" => Algorithm::Rs256,
        _ => return Err(errors::assertion_unsigned("its algorithm is neither PS256 nor RS256")),
    };
    let certificate = app.certificates.iter().find(|certificate| named(&header, certificate));
    let certificate = certificate
        .ok_or_else(|| errors::assertion_unsigned("the key with this thumbprint was not found"))?;
    if !certificate.verifies(algorithm, content.as_bytes(), &signature) {
        return Err(errors::assertion_unsigned("the signature does not fit the key"));
    }
    let now = proof.sandbox.clock.fractional_seconds();
    let audience = format!("{}/{}/oauth2/v2.0/token", proof.origin, proof.segment);
    claims
        .wrong(&app.client_id, &audience, now)
        .map_or(Ok(()), |what| Err(errors::assertion_invalid(what)))?;
    if !store.assertions.insert((app.client_id.clone(), claims.jti)) {
        return Err(errors::assertion_invalid("its 'jti' was used before"));
    }
    Ok(())
}

fn named(header: &Header, certificate: &Certificate) -> bool {
    // msal writes them with padding, RFC 7515 without.
    let same = |given: &str, own: &str| given.trim_end_matches('=') == own;
    match (&header.x5t_s256, &header.x5t) {
        (Some(sha256), _) => same(sha256, &certificate.sha256),
        (None, Some(sha1)) => same(sha1, &certificate.sha1),
        (None, None) => false,
    }
}

impl Claims {
    fn wrong(&self, client_id: &str, audience: &str, now: f64) -> Option<&'static str> {
        if self.aud != audience {
            return Some("its 'aud' is not the address of this token endpoint");
        }
        if self.iss != client_id || self.sub != client_id {
            return Some("its 'iss' and 'sub' are not the client id");
        }
        if self.jti.is_empty() {
            return Some("its 'jti' is empty");
        }
        let Some(begin) = self.nbf.or(self.iat) else {
            return Some("it has neither 'nbf' nor 'iat'");
        };
        let in_time = begin <= now + SKEW_SECONDS && now < self.exp + SKEW_SECONDS;
        let life = self.exp - begin;
        if !in_time || life <= 0.0 || life > LIFE_SECONDS_MAX {
            return Some("it is not within its valid time range");
        }
        None
    }
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}
