//! Whether a token is good for SMTP (RFC 7662), for a Dovecot that stands in for Exchange. Entra has nothing like it.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Form, Json, extract::State};
use serde_json::{Value, json};

use crate::{scopes::Scope, state::Sandbox};

pub(crate) async fn introspect(
    State(sandbox): State<Arc<Sandbox>>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Json<Value> {
    let store = sandbox.store();
    let token = form.get("token").map(String::as_str).unwrap_or_default();
    Json(match store.smtp_token(token, sandbox.clock.seconds()) {
        None => json!({ "active": false }),
        Some((token, account)) => {
            let scopes: Vec<String> = token.scopes.iter().map(Scope::full).collect();
            json!({
                "active": true, "username": account.upn, "scope": scopes.join(" "), "exp": token.expires_at,
            })
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::{NOW, Test, USUAL};

    #[tokio::test]
    async fn only_a_token_for_smtp_is_active() {
        let mut test = Test::new();
        test.sandbox.store().settings.access_token_seconds = Some(3600);
        let token = test.access_token("anna", "https://outlook.office.com/SMTP.Send").await;
        let answer = test.form("/sandbox/introspect", &[("token", &token)]).await;
        let scope = "https://outlook.office.com/SMTP.Send";
        let username = "anna@bakkerijjansen.example";
        let active = json!({ "active": true, "username": username, "scope": scope, "exp": NOW + 3600 });
        assert_eq!(answer.json(), active);
        test.sandbox.clock.advance(3600);
        let old = test.form("/sandbox/introspect", &[("token", &token)]).await;
        let mut other = Test::new();
        let graph = other.access_token("anna", USUAL).await;
        let graph = other.form("/sandbox/introspect", &[("token", &graph)]).await;
        let unknown = other.form("/sandbox/introspect", &[("token", "x")]).await;
        for answer in [old, graph, unknown, other.form("/sandbox/introspect", &[]).await] {
            assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({ "active": false })));
        }
    }
}
