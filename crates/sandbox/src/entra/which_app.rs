//! Which registration a request is from, and whether it may be used at this tenant (sections 1.1, 3).

use std::sync::Arc;

use crate::{
    apps::{App, Apps, Audience},
    directory::Tenant,
    entra::errors::{self, Refusal},
};

/// Pages and token endpoint agree on all of these.
pub(crate) fn find(apps: &Apps, client_id: Option<&str>, tenant: &Tenant) -> Result<Arc<App>, Refusal> {
    let client_id =
        client_id.filter(|id| !id.is_empty()).ok_or_else(|| errors::parameter_missing("client_id"))?;
    let app = apps.find(client_id).ok_or_else(|| errors::application_not_found(client_id))?;
    if app.disabled {
        return Err(errors::application_disabled(client_id));
    }
    match (app.audience, tenant) {
        (Audience::AnyTenant, _) => Ok(app),
        (Audience::OneTenant, Tenant::One(tid)) if *tid == app.tid => Ok(app),
        (Audience::OneTenant, Tenant::One(_)) => Err(errors::application_not_found(client_id)),
        (Audience::OneTenant, Tenant::Organizations | Tenant::Common) => {
            Err(errors::application_of_one_tenant(client_id))
        }
    }
}
