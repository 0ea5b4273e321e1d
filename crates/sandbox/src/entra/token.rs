//! `POST /token`: who asks, which grant, and a record of what came of it (sections 1.5 to 1.7).

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use crate::{
    control::TokenRequest,
    directory::Tenant,
    entra::{
        errors::{self, Refusal},
        grant_code, grant_refresh,
        token_client::{self, Proof},
    },
    faults::Mark,
    origin::Origin,
    refused::not_implemented,
    scopes::{self, Scope, Unreadable},
    state::{Sandbox, Store},
};

/// Why there is no token.
pub(crate) enum Denied {
    Refused(Refusal),
    NotImplemented(String),
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The form's fields.
pub(crate) type Fields = BTreeMap<String, String>;

/// What both grants work with.
pub(crate) struct Exchange<'a> {
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) origin: &'a str,
    pub(crate) tenant: Tenant,
    /// Which app proved itself.
    pub(crate) client_id: String,
    pub(crate) fields: &'a Fields,
    /// `scope`, read; `None` when it was not sent.
    pub(crate) asked: Option<Vec<Scope>>,
    /// Whose token it is about, once known: for the record.
    pub(crate) account: Option<String>,
}

impl Exchange<'_> {
    /// A field that must be there (AADSTS900144).
    pub(crate) fn need(&self, name: &'static str) -> Result<&str, Refusal> {
        match self.fields.get(name).map(String::as_str) {
            None | Some("") => Err(errors::parameter_missing(name)),
            Some(value) => Ok(value),
        }
    }

    /// msal asks for it.
    pub(crate) fn wants_client_info(&self) -> bool {
        self.fields.get("client_info").is_some_and(|value| value == "1")
    }
}

/// The form, if the body is one.
pub(crate) fn fields(headers: &HeaderMap, body: &[u8]) -> Fields {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    match kind {
        Some(kind) if kind.starts_with("application/x-www-form-urlencoded") => {
            form_urlencoded::parse(body).into_owned().collect()
        }
        _ => Fields::new(),
    }
}

pub(crate) async fn redeem(
    State(sandbox): State<Arc<Sandbox>>,
    Path(segment): Path<String>,
    Origin(origin): Origin,
    mark: Option<Extension<Mark>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fields = fields(&headers, &body);
    let mut store = sandbox.store();
    let mut account = None;
    let result = decide(&sandbox, &mut store, &segment, &origin, &headers, &fields, &mut account);

    let (response, refusal) = match result {
        Ok(body) => {
            // RFC 6749 5.1.
            let headers = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
            ((StatusCode::OK, headers, Json(body)).into_response(), None)
        }
        Err(Denied::Refused(refusal)) => (refusal.response(sandbox.clock.now(), &origin), Some(refusal)),
        Err(Denied::NotImplemented(what)) => (not_implemented(&what), None),
    };
    let record = TokenRequest::new(sandbox.clock.now(), &fields, account, mark.map(|Extension(mark)| mark));
    store.token_requests.push(TokenRequest {
        status: Some(response.status().as_u16()),
        issued: response.status() == StatusCode::OK,
        ..record.refused(refusal.as_ref())
    });
    response
}

fn decide(
    sandbox: &Sandbox,
    store: &mut Store,
    segment: &str,
    origin: &str,
    headers: &HeaderMap,
    fields: &Fields,
    account: &mut Option<String>,
) -> Result<Value, Denied> {
    let tenant = store.directory.tenant(segment).ok_or_else(|| errors::tenant_not_found(segment))?;
    let client_id =
        token_client::check(&Proof { sandbox, tenant: &tenant, segment, origin, headers, fields }, store)?;
    let asked = fields.get("scope").map(|list| read_scopes(list)).transpose()?;
    let mut exchange = Exchange { sandbox, origin, tenant, client_id, fields, asked, account: None };
    let result = match exchange.need("grant_type")? {
        "authorization_code" => grant_code::redeem(&mut exchange, store),
        "refresh_token" => grant_refresh::redeem(&mut exchange, store),
        known @ ("client_credentials"
        | "password"
        | "urn:ietf:params:oauth:grant-type:device_code"
        | "urn:ietf:params:oauth:grant-type:jwt-bearer") => {
            Err(Denied::NotImplemented(format!("grant_type={known}")))
        }
        other => Err(errors::grant_type_unsupported(other).into()),
    };
    *account = exchange.account;
    result
}

fn read_scopes(list: &str) -> Result<Vec<Scope>, Denied> {
    scopes::read(list).map_err(|unreadable| match unreadable {
        Unreadable::Unknown(word) => errors::scope_invalid(&word).into(),
        Unreadable::DefaultMixed => errors::scope_invalid(".default").into(),
        Unreadable::Default => Denied::NotImplemented("the scope .default".to_owned()),
    })
}
