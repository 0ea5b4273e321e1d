//! What a client reads before it begins: OpenID Connect discovery and the key set (sections 1.1, 1.9).

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{directory::Tenant, entra::errors, origin::Origin, state::Sandbox};

/// Only what the sandbox does is told. For `organizations` and `common` the issuer holds a literal `{tenantid}`.
pub(crate) async fn configuration(
    State(sandbox): State<Arc<Sandbox>>,
    Path(segment): Path<String>,
    Origin(origin): Origin,
) -> Response {
    let issuer = match sandbox.store().directory.tenant(&segment) {
        None => return errors::tenant_not_found(&segment).response(sandbox.clock.now(), &origin),
        Some(Tenant::Organizations | Tenant::Common) => "{tenantid}".to_owned(),
        Some(Tenant::One(tid)) => tid,
    };
    Json(json!({
        "issuer": format!("{origin}/{issuer}/v2.0"),
        "authorization_endpoint": format!("{origin}/{segment}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{origin}/{segment}/oauth2/v2.0/token"),
        "end_session_endpoint": format!("{origin}/{segment}/oauth2/v2.0/logout"),
        "jwks_uri": format!("{origin}/{segment}/discovery/v2.0/keys"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "response_modes_supported": ["query", "fragment"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver", "email"],
    }))
    .into_response()
}

/// One key for every tenant.
pub(crate) async fn keys(State(sandbox): State<Arc<Sandbox>>) -> Response {
    Json(sandbox.key.published()).into_response()
}
