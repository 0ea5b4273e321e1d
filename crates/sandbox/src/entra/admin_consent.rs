//! `GET /adminconsent`: an administrator grants permissions for everybody in the tenant (section 2.1). No code comes of
//! it, and it is not a sign-in.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, Query as UrlQuery, State},
    http::HeaderMap,
    response::Response,
};
use serde::Deserialize;

use crate::{
    account::Account,
    directory::Tenant,
    entra::{
        authorize::{self, refused_on_order},
        authorize_request::{AuthorizeRequest, Prompt, ResponseMode, ReturnTo, Stop, read_scopes},
        errors::{self, Refusal},
        flow::Flow,
        which_app,
    },
    faults::Ordered,
    origin::Origin,
    scopes::Scope,
    state::{Sandbox, Store},
};

#[derive(Debug, Deserialize)]
pub(crate) struct Query {
    client_id: Option<String>,
    scope: Option<String>,
    redirect_uri: Option<String>,
    state: Option<String>,
}

pub(crate) async fn start(
    State(sandbox): State<Arc<Sandbox>>,
    Path(segment): Path<String>,
    Origin(origin): Origin,
    headers: HeaderMap,
    ordered: Option<Extension<Ordered>>,
    UrlQuery(query): UrlQuery<Query>,
) -> Response {
    let mut store = sandbox.store();
    let request = match query.check(segment, &sandbox, &store) {
        Ok(request) => request,
        Err(stop) => return stop.answer(&sandbox, &origin),
    };
    if let Some(Extension(ordered)) = ordered {
        return refused_on_order(&ordered, &request, &sandbox, &origin);
    }
    let session = authorize::session(&headers, &store);
    let flow = Flow::begin(request, session.as_ref(), &store, sandbox.clock.seconds());
    authorize::begin(flow, &mut store, &sandbox, &origin)
}

impl Query {
    fn check(self, segment: String, sandbox: &Sandbox, store: &Store) -> Result<AuthorizeRequest, Stop> {
        let Some(tenant) = store.directory.tenant(&segment) else {
            return Err(Stop::OnPage(errors::tenant_not_found(&segment)));
        };
        if tenant == Tenant::Common {
            // Seen: `common` takes it for an ordinary sign-in (section 2.1).
            return Err(Stop::OnPage(errors::parameter_missing("response_type")));
        }
        let app = which_app::find(&sandbox.apps, self.client_id.as_deref(), &tenant).map_err(Stop::OnPage)?;
        let Some(redirect_uri) = self.redirect_uri else {
            return Err(Stop::OnPage(errors::redirect_uri_missing()));
        };
        if !app.redirect_uris.contains(&redirect_uri) {
            return Err(Stop::OnPage(errors::redirect_uri_unknown(&redirect_uri)));
        }
        let return_to = ReturnTo { redirect_uri, mode: ResponseMode::Query, state: self.state };
        let scopes = read_scopes(self.scope.as_deref(), &return_to)?;
        Ok(AuthorizeRequest {
            client_id: app.client_id.clone(),
            admin_consent: true,
            segment,
            tenant,
            return_to,
            scopes,
            nonce: None,
            prompt: Prompt::Unsaid,
            login_hint: None,
            challenge: None,
            client_info: false,
        })
    }
}

/// What the administrator answered.
pub(crate) fn answered(
    request: &AuthorizeRequest,
    account: &Account,
    accepted: bool,
    store: &mut Store,
    sandbox: &Sandbox,
    origin: &str,
) -> Response {
    if !accepted {
        let refusal = Refusal { error: "consent_required".into(), ..errors::consent_declined() };
        let mut pairs = refusal.redirect_pairs(sandbox.clock.now(), origin);
        pairs.retain(|(name, _)| *name != "error_uri");
        pairs.push(("admin_consent", "True".to_owned()));
        return request.return_to.redirect(&pairs);
    }
    store.consents.replace_for_tenant(&request.client_id, &account.tid, &request.scopes);
    let scopes: Vec<String> = request.scopes.iter().map(Scope::full).collect();
    request.return_to.redirect(&[
        ("admin_consent", "True".to_owned()),
        ("tenant", account.tid.clone()),
        ("scope", scopes.join(" ")),
    ])
}
