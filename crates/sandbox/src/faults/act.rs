//! Carrying out an order around one request.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};

use crate::{
    control::TokenRequest,
    entra::{Fields, catalogue::Place, errors::Refusal, fields},
    faults::{Asker, At, GrantType, answer, carry},
    graph,
    state::{Sandbox, Store},
};

/// Put on a request a fault happens to, so that its record says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) fault: u64,
    pub(crate) hit: u64,
}

/// Put on an `/authorize` or admin consent request: to be refused as soon as it is known where to answer.
#[derive(Debug, Clone)]
pub(crate) struct Ordered(pub(crate) Refusal, pub(crate) Place);

/// A form of the token endpoint is never larger.
const FORM_BYTES_MAX: usize = 1024 * 1024;

pub(crate) async fn act(
    State((sandbox, at)): State<(Arc<Sandbox>, At)>,
    request: Request,
    next: Next,
) -> Response {
    if !sandbox.store().faults.any(at) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let (body, form) = if at == At::Token {
        let bytes = to_bytes(body, FORM_BYTES_MAX).await.unwrap_or_default();
        (Body::from(bytes.clone()), fields(&parts.headers, &bytes))
    } else {
        (body, Fields::new())
    };
    let asker = asker(&sandbox.store(), at, &form, &parts.headers);
    let taken = sandbox.store().faults.take(at, &asker);
    let Some((mark, action)) = taken else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    parts.extensions.insert(mark);
    let request = Request::from_parts(parts, body);
    // hyper drops the handler of a client that has left. Microsoft does not, and so a task of its own goes on.
    let carrying = tokio::spawn(async move {
        let refusal = action.refusal();
        let (response, worked) = carry::out(action, request, next, &sandbox).await;
        if at == At::Token {
            let status = response.as_ref().map(|response| response.status().as_u16());
            let mut store = sandbox.store();
            if worked {
                // The endpoint wrote the record; what it can't know is what the client got.
                let own = store.token_requests.iter_mut().rev().find(|request| request.mark == Some(mark));
                if let Some(own) = own {
                    own.status = status;
                }
            } else {
                let record = TokenRequest::new(sandbox.clock.now(), &form, asker.account, Some(mark));
                store.token_requests.push(TokenRequest { status, ..record.refused(refusal.as_ref()) });
            }
        }
        response
    });
    // `Err` is a panic, after which no server answers either.
    carrying.await.ok().flatten().unwrap_or_else(answer::none)
}

fn asker(store: &Store, at: At, form: &Fields, headers: &HeaderMap) -> Asker {
    match at {
        At::Authorize | At::AdminConsent | At::Smtp => Asker::default(),
        At::Me | At::SendMail | At::Graph => {
            let request = headers.get("client-request-id").and_then(|value| value.to_str().ok());
            Asker { grant: None, account: graph::whose(headers, store), request: request.map(str::to_owned) }
        }
        At::Token => {
            let grant = match form.get("grant_type").map(String::as_str) {
                Some("refresh_token") => Some(GrantType::RefreshToken),
                Some("authorization_code") => Some(GrantType::AuthorizationCode),
                _ => None,
            };
            let (code, token) = (form.get("code"), form.get("refresh_token"));
            let of_code = store.codes.iter().find(|known| Some(&known.value) == code).map(|known| &known.oid);
            let of_token =
                store.refresh_tokens.iter().find(|known| Some(&known.value) == token).map(|known| &known.oid);
            let oid = match grant {
                Some(GrantType::AuthorizationCode) => of_code,
                Some(GrantType::RefreshToken) => of_token,
                None => None,
            };
            Asker { grant, account: oid.and_then(|oid| store.directory.name_of(oid)), request: None }
        }
    }
}
