//! Which app asks for a token, and does it prove it: with its secret or with its certificate (sections 1.5, 1.7).

use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    apps::App,
    directory::Tenant,
    entra::{
        client_assertion,
        errors::{self, Refusal},
        token::{Denied, Fields},
        which_app,
    },
    state::{Sandbox, Store},
};

/// The parts of a request that a client proves itself with.
pub(crate) struct Proof<'a> {
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) tenant: &'a Tenant,
    /// `{tenant}` as the caller wrote it: part of the address an assertion is made for.
    pub(crate) segment: &'a str,
    pub(crate) origin: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) fields: &'a Fields,
}

/// The client id of the app that proved itself, from a server (no `Origin`): with a secret in the body or by HTTP Basic,
/// or with a client assertion.
pub(crate) fn check(proof: &Proof<'_>, store: &mut Store) -> Result<String, Denied> {
    let (headers, fields) = (proof.headers, proof.fields);
    if fields.get("claims").is_some_and(|claims| claims.contains("xms_cc")) {
        return Err(Denied::NotImplemented("claims with the capability xms_cc (section 1.8)".to_owned()));
    }
    let basic = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(basic);
    let (client_id, secret) = match basic {
        Some(_) if fields.contains_key("client_secret") => {
            return Err(Denied::NotImplemented("a client secret in body and header at once".to_owned()));
        }
        Some((id, secret)) => (Some(id), Some(secret)),
        None => (fields.get("client_id").cloned(), fields.get("client_secret").cloned()),
    };
    let app = which_app::find(&proof.sandbox.apps, client_id.as_deref(), proof.tenant)?;
    if headers.contains_key(header::ORIGIN) {
        return Err(errors::cross_origin().into());
    }
    let secret = secret.filter(|secret| !secret.is_empty());
    match (fields.get("client_assertion"), secret) {
        (Some(_), Some(_)) => Err(errors::two_proofs().into()),
        (Some(assertion), None) => {
            client_assertion::check(proof, &app, assertion, store)?;
            Ok(app.client_id.clone())
        }
        (None, Some(secret)) => {
            check_secret(&app, &secret)?;
            Ok(app.client_id.clone())
        }
        (None, None) => Err(errors::secret_missing().into()),
    }
}

fn check_secret(app: &App, secret: &str) -> Result<(), Refusal> {
    if app.secret.as_deref() != Some(secret) {
        return Err(errors::secret_wrong());
    }
    // The tokens stay good: with a new secret everything goes on (section 1.10).
    if app.secret_expired { Err(errors::secret_expired(&app.client_id)) } else { Ok(()) }
}

/// Id and secret are form-encoded before they are joined (RFC 6749 2.3.1).
fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, credentials) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form_decoded(id), form_decoded(secret)))
}

fn form_decoded(text: &str) -> String {
    form_urlencoded::parse(format!("x={text}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
