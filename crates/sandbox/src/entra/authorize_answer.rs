//! Sending the person back to the app (section 1.4).

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use crate::{
    account::Account,
    entra::authorize_request::{AuthorizeRequest, ResponseMode, ReturnTo},
    random,
};

impl ReturnTo {
    /// The redirect with these parameters, then `state` as it was sent.
    pub(crate) fn redirect(&self, pairs: &[(&str, String)]) -> Response {
        let mut answer = form_urlencoded::Serializer::new(String::new());
        answer.extend_pairs(pairs);
        if let Some(state) = &self.state {
            answer.append_pair("state", state);
        }
        let joint = match self.mode {
            ResponseMode::Fragment => '#',
            ResponseMode::Query if self.redirect_uri.contains('?') => '&',
            ResponseMode::Query => '?',
        };
        let location = format!("{}{joint}{}", self.redirect_uri, answer.finish());
        let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())];
        (StatusCode::FOUND, headers).into_response()
    }

    /// *Cancel*: exactly this, and no description (section 1.4, seen).
    pub(crate) fn cancelled(&self) -> Response {
        self.redirect(&[("error", "access_denied".to_owned()), ("error_subcode", "cancel".to_owned())])
    }
}

impl AuthorizeRequest {
    /// Success.
    pub(crate) fn granted(&self, code: String, account: &Account) -> Response {
        let mut pairs = vec![("code", code)];
        if self.client_info {
            pairs.push(("client_info", client_info(account)));
        }
        pairs.push(("session_state", random::guid()));
        self.return_to.redirect(&pairs)
    }
}

/// Unsigned, so nobody may trust it (section 0.1 fact 25); msal names accounts by it.
pub(crate) fn client_info(account: &Account) -> String {
    URL_SAFE_NO_PAD.encode(json!({ "uid": account.oid, "utid": account.tid }).to_string())
}
