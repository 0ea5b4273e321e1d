//! What the person answers on the pages about consent (sections 2.1, 2.3).

use std::sync::Arc;

use axum::{Form, extract::State, response::Response};
use serde::Deserialize;

use crate::{
    entra::{admin_consent, authorize::show, errors, flow::Step, pages},
    origin::Origin,
    state::Sandbox,
};

/// The consent page's form.
#[derive(Debug, Deserialize)]
pub(crate) struct ConsentForm {
    flow: String,
    answer: String,
    /// Ticked by an administrator.
    whole_organisation: Option<String>,
}

pub(crate) async fn consent(
    State(sandbox): State<Arc<Sandbox>>,
    Origin(origin): Origin,
    Form(form): Form<ConsentForm>,
) -> Response {
    let mut store = sandbox.store();
    let now = sandbox.clock.seconds();
    let Some(flow) = store.flows.get(&form.flow).filter(|flow| flow.expires_at > now).cloned() else {
        return pages::refused(&errors::flow_expired(), &sandbox);
    };
    let accepted = form.answer == "accept";
    let request = &flow.request;
    match flow.next(&store) {
        // Only who was asked can say yes.
        Step::Consent(account) if request.admin_consent => {
            store.flows.remove(&form.flow);
            return admin_consent::answered(request, &account, accepted, &mut store, &sandbox, &origin);
        }
        Step::Consent(account) if accepted => {
            if form.whole_organisation.is_some() && account.admin {
                store.consents.add_for_tenant(&request.client_id, &account.tid, &request.scopes);
            } else {
                store.consents.add_for_user(&request.client_id, &account.oid, &request.scopes);
            }
            if let Some(flow) = store.flows.get_mut(&form.flow) {
                flow.accepted = true;
            }
        }
        _ if !accepted => {
            store.flows.remove(&form.flow);
            return request.return_to.cancelled();
        }
        _ => {}
    }
    show(&form.flow, &mut store, &sandbox, None)
}

/// The form of "Need admin approval" and "Approval required".
#[derive(Debug, Deserialize)]
pub(crate) struct ApprovalForm {
    flow: String,
    /// `return` or `request`.
    answer: String,
}

pub(crate) async fn approval(
    State(sandbox): State<Arc<Sandbox>>,
    Form(form): Form<ApprovalForm>,
) -> Response {
    let mut store = sandbox.store();
    let Some(flow) = store.flows.get_mut(&form.flow) else {
        return pages::refused(&errors::flow_expired(), &sandbox);
    };
    if form.answer == "return" {
        let return_to = flow.request.return_to.clone();
        store.flows.remove(&form.flow);
        return return_to.cancelled();
    }
    // The app hears nothing of the request, nor of its approval (section 0.1 fact 10).
    flow.requested = true;
    show(&form.flow, &mut store, &sandbox, None)
}
