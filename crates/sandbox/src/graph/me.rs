//! `GET /me`: who the token is about (section 1.9), with `User.Read`.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    account::Account,
    graph::{
        bearer,
        errors::{self, Rejected},
    },
    scopes::USER_READ,
    state::Sandbox,
};

/// What is answered without `$select`; `proxyAddresses` is not among it.
const DEFAULT: [&str; 4] = ["displayName", "mail", "userPrincipalName", "id"];

#[derive(Debug, Deserialize)]
pub(crate) struct Parameters {
    #[serde(rename = "$select")]
    select: Option<String>,
    #[serde(flatten)]
    others: std::collections::BTreeMap<String, String>,
}

pub(crate) async fn read(
    State(sandbox): State<Arc<Sandbox>>,
    headers: HeaderMap,
    Query(parameters): Query<Parameters>,
) -> Response {
    let caller = match bearer::caller(&headers, &sandbox.store(), &sandbox) {
        Ok(caller) => caller,
        Err(error) => return Rejected::Error(error).into_response(),
    };
    if !caller.has(USER_READ) {
        return Rejected::Error(errors::request_denied()).into_response();
    }
    if let Some(name) = parameters.others.keys().next() {
        return Rejected::NotImplemented(format!("GET /v1.0/me with {name}")).into_response();
    }
    let select = parameters.select.unwrap_or_else(|| DEFAULT.join(","));
    let mut body = Map::new();
    body.insert("@odata.context".into(), "https://graph.microsoft.com/v1.0/$metadata#users/$entity".into());
    for name in select.split(',').map(str::trim) {
        if name == "proxyAddresses" && !caller.account.show_aliases {
            continue;
        }
        match property(&caller.account, name) {
            Some(value) => body.insert(name.to_owned(), value),
            None => {
                return Rejected::NotImplemented(format!("the property {name} of a user")).into_response();
            }
        };
    }
    Json(Value::Object(body)).into_response()
}

fn property(account: &Account, name: &str) -> Option<Value> {
    Some(match name {
        "id" => account.oid.as_str().into(),
        "displayName" => account.name.as_str().into(),
        "mail" => account.mail.clone().into(),
        "userPrincipalName" => account.upn.as_str().into(),
        // Exchange writes the primary address with capitals.
        "proxyAddresses" => {
            let primary = account.mail.iter().map(|mail| format!("SMTP:{mail}"));
            json!(
                primary
                    .chain(account.aliases.iter().map(|alias| format!("smtp:{alias}")))
                    .collect::<Vec<_>>()
            )
        }
        _ => return None,
    })
}
