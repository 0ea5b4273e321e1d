//! `GET /authorize` and the posts of its first two pages: account and password.

use std::sync::Arc;

use axum::{
    Extension, Form,
    extract::{Path, Query as UrlQuery, State},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use serde::Deserialize;

use crate::{
    account::Account,
    entra::{
        authorize_request::{AuthorizeRequest, Prompt, Query},
        catalogue::{self, Class, Place},
        errors,
        flow::{Code, Flow, Step},
        pages, pages_consent,
    },
    faults::Ordered,
    origin::Origin,
    random,
    state::{Sandbox, Store},
};

/// The browser's session with the sandbox, so that a second sign-in needs no password.
pub(crate) const SESSION_COOKIE: &str = "sandbox_session";

/// The first request.
pub(crate) async fn start(
    State(sandbox): State<Arc<Sandbox>>,
    Path(tenant): Path<String>,
    Origin(origin): Origin,
    headers: HeaderMap,
    ordered: Option<Extension<Ordered>>,
    UrlQuery(query): UrlQuery<Query>,
) -> Response {
    let mut store = sandbox.store();
    let request = match query.check(tenant, &sandbox.apps, &store.directory) {
        Ok(request) => request,
        Err(stop) => return stop.answer(&sandbox, &origin),
    };
    if let Some(Extension(ordered)) = ordered {
        return refused_on_order(&ordered, &request, &sandbox, &origin);
    }
    let session = session(&headers, &store);
    let flow = Flow::begin(request, session.as_ref(), &store, sandbox.clock.seconds());
    begin(flow, &mut store, &sandbox, &origin)
}

/// The first page, or with `prompt=none` the answer.
pub(crate) fn begin(flow: Flow, store: &mut Store, sandbox: &Sandbox, origin: &str) -> Response {
    if flow.request.prompt == Prompt::Silent {
        return silent(&flow, store, sandbox, origin);
    }
    let id = random::text(24);
    store.flows.insert(id.clone(), flow);
    show(&id, store, sandbox, None)
}

/// A fault: refused although nothing is wrong with it.
pub(crate) fn refused_on_order(
    Ordered(refusal, place): &Ordered,
    request: &AuthorizeRequest,
    sandbox: &Sandbox,
    origin: &str,
) -> Response {
    match place {
        Place::Redirect => request.return_to.redirect(&refusal.redirect_pairs(sandbox.clock.now(), origin)),
        Place::Page | Place::Token => pages::refused(refusal, sandbox),
    }
}

/// `prompt=none`: a code, or an error that says which page was missing; never a page (section 1.2).
fn silent(flow: &Flow, store: &mut Store, sandbox: &Sandbox, origin: &str) -> Response {
    let refusal = match flow.next(store) {
        Step::Picker | Step::Password(_) => errors::no_session(),
        Step::Consent(_) | Step::Approval(..) | Step::RequestSent(_) | Step::Cancelled => {
            errors::silent_consent(&flow.request.client_id)
        }
        Step::Refused(refusal) => errors::silent_block(refusal),
        Step::Done(account) => {
            // What an interactive sign-in would cure, a silent one can't (section 1.10).
            if let Some(row) =
                account.refresh_refused.and_then(|number| catalogue::find(number, Place::Token))
            {
                let refusal = errors::silent_block(row.refusal());
                return flow.request.return_to.redirect(&refusal.redirect_pairs(sandbox.clock.now(), origin));
            }
            let code = Code::issue(store, flow.request.clone(), &account.oid, sandbox.clock.seconds());
            return flow.request.granted(code, &account);
        }
    };
    flow.request.return_to.redirect(&refusal.redirect_pairs(sandbox.clock.now(), origin))
}

/// The picker's form.
#[derive(Debug, Deserialize)]
pub(crate) struct AccountForm {
    flow: String,
    /// Empty: back to the picker.
    account: String,
}

pub(crate) async fn account(
    State(sandbox): State<Arc<Sandbox>>,
    headers: HeaderMap,
    Form(form): Form<AccountForm>,
) -> Response {
    let mut store = sandbox.store();
    let session = session(&headers, &store);
    let account = store.directory.by_oid(&form.account).cloned();
    if let Some(flow) = store.flows.get_mut(&form.flow) {
        match account {
            Some(account) if !flow.request.tenant.admits(&account) => {
                return pages::refused(&errors::not_admitted(&flow.request.tenant, &account), &sandbox);
            }
            Some(account) => flow.choose(&account, session.as_ref()),
            None => flow.oid = None,
        }
    }
    show(&form.flow, &mut store, &sandbox, None)
}

/// The password page's form.
#[derive(Deserialize)]
pub(crate) struct PasswordForm {
    flow: String,
    password: String,
}

pub(crate) async fn password(
    State(sandbox): State<Arc<Sandbox>>,
    Form(form): Form<PasswordForm>,
) -> Response {
    let mut store = sandbox.store();
    let oid = store.flows.get(&form.flow).and_then(|flow| flow.oid.clone());
    let account = oid.and_then(|oid| store.directory.by_oid(&oid).cloned());
    let Some(account) = account else {
        return show(&form.flow, &mut store, &sandbox, None);
    };
    if account.password != form.password {
        // AADSTS50126, only ever seen on the page (section 3.1).
        return show(&form.flow, &mut store, &sandbox, Some("Your account or password is incorrect."));
    }
    if let Some(flow) = store.flows.get_mut(&form.flow) {
        flow.authenticated = true;
    }
    let session = random::text(32);
    store.sessions.insert(session.clone(), account.oid);
    let mut response = show(&form.flow, &mut store, &sandbox, None);
    let cookie = format!("{SESSION_COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// The next page of a flow, or its end.
pub(crate) fn show(id: &str, store: &mut Store, sandbox: &Sandbox, problem: Option<&str>) -> Response {
    let now = sandbox.clock.seconds();
    let Some(flow) = store.flows.get(id).filter(|flow| flow.expires_at > now).cloned() else {
        return pages::refused(&errors::flow_expired(), sandbox);
    };
    match flow.next(store) {
        Step::Picker => pages::picker(id, &flow.request, store, sandbox),
        Step::Password(account) => pages::password(id, &flow.request, &account, problem, sandbox),
        Step::Consent(account) => pages_consent::consent(id, &flow.request, &account, sandbox),
        Step::Approval(account, number) => {
            pages_consent::approval(id, &flow.request, &account, number, store, sandbox)
        }
        Step::RequestSent(account) => pages_consent::request_sent(&account, sandbox),
        Step::Cancelled => {
            store.flows.remove(id);
            flow.request.return_to.cancelled()
        }
        Step::Refused(refusal) => {
            store.flows.remove(id);
            pages::refused(&refusal, sandbox)
        }
        Step::Done(account) => {
            store.flows.remove(id);
            satisfied(store, &account.oid);
            let code = Code::issue(store, flow.request.clone(), &account.oid, now);
            flow.request.granted(code, &account)
        }
    }
}

/// Signing in is what the account was refused for: as after multi-factor authentication, renewing works again.
fn satisfied(store: &mut Store, oid: &str) {
    let Some(account) = store.directory.by_oid_mut(oid) else {
        return;
    };
    let row = account.refresh_refused.and_then(|number| catalogue::find(number, Place::Token));
    if row.is_some_and(|row| row.class == Class::User) {
        account.refresh_refused = None;
    }
}

pub(crate) fn session(headers: &HeaderMap, store: &Store) -> Option<Account> {
    let value = session_cookie(headers)?;
    let oid = store.sessions.get(&value)?;
    store.directory.by_oid(oid).cloned()
}

/// The session cookie's value.
pub(crate) fn session_cookie(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION_COOKIE).map(|(_, value)| value.to_owned())
}
