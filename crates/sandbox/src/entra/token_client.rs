//! Which app asks for a token, and does it know its secret (sections 1.5, 1.7).

use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    config::Config,
    entra::{
        errors,
        token::{Denied, Fields},
    },
};

/// Passes when the one registered app proved itself, from a server (no `Origin`), in the body or by HTTP Basic.
pub(crate) fn check(config: &Config, headers: &HeaderMap, fields: &Fields) -> Result<(), Denied> {
    if fields.contains_key("client_assertion") {
        return Err(Denied::NotImplemented(
            "client_assertion (a certificate instead of a secret)".to_owned(),
        ));
    }
    if fields.contains_key("claims") && fields.get("claims").is_some_and(|claims| claims.contains("xms_cc")) {
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
    let client_id =
        client_id.filter(|id| !id.is_empty()).ok_or_else(|| errors::parameter_missing("client_id"))?;
    if client_id != config.client_id {
        return Err(errors::application_not_found(&client_id).into());
    }
    if headers.contains_key(header::ORIGIN) {
        return Err(errors::cross_origin().into());
    }
    match secret.filter(|secret| !secret.is_empty()) {
        None => Err(errors::secret_missing().into()),
        Some(secret) if secret != config.client_secret => Err(errors::secret_wrong().into()),
        Some(_) => Ok(()),
    }
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
