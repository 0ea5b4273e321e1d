//! The control page's forms: each does its work and shows the page again.

use std::sync::Arc;

use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    control::{clock, not_found, problem, revoke::Why},
    directory::TENANT_ID,
    faults::Order,
    policy::{Policy, UserConsent},
    state::Sandbox,
};

fn back() -> Response {
    Redirect::to("/sandbox").into_response()
}

#[derive(Debug, Deserialize)]
pub(crate) struct ClockForm {
    advance_seconds: i64,
}

pub(crate) async fn clock(State(sandbox): State<Arc<Sandbox>>, Form(form): Form<ClockForm>) -> Response {
    match clock::moved(&sandbox, form.advance_seconds) {
        Ok(()) => back(),
        Err(text) => problem(text),
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct RevokeForm {
    upn: String,
    why: Why,
}

pub(crate) async fn revoke(State(sandbox): State<Arc<Sandbox>>, Form(form): Form<RevokeForm>) -> Response {
    let now = sandbox.clock.now();
    if sandbox.store().revoke(&form.upn, form.why, now) { back() } else { not_found() }
}

/// A box that is not ticked is not sent.
#[derive(Debug, Deserialize)]
pub(crate) struct PolicyForm {
    user_consent: UserConsent,
    admin_consent_workflow: Option<String>,
    step_up: Option<String>,
    assignment_required: Option<String>,
}

pub(crate) async fn policy(State(sandbox): State<Arc<Sandbox>>, Form(form): Form<PolicyForm>) -> Response {
    let mut store = sandbox.store();
    let policy = Policy {
        user_consent: form.user_consent,
        admin_consent_workflow: form.admin_consent_workflow.is_some(),
        step_up: form.step_up.is_some(),
        assignment_required: form.assignment_required.is_some(),
        ..store.policy(TENANT_ID)
    };
    store.policies.insert(TENANT_ID.to_owned(), policy);
    back()
}

#[derive(Debug, Deserialize)]
pub(crate) struct FaultForm {
    at: String,
    times: u64,
    kind: String,
    /// Only for `refuse`.
    number: String,
}

pub(crate) async fn fault(State(sandbox): State<Arc<Sandbox>>, Form(form): Form<FaultForm>) -> Response {
    let order = json!({ "at": form.at, "times": form.times, "do": form.action() });
    match Order::read(order.to_string().as_bytes()) {
        Ok(order) => {
            sandbox.store().faults.add(order);
            back()
        }
        Err(text) => problem(&text),
    }
}

impl FaultForm {
    /// As in JSON; what makes no sense is left to [`Order::read`] to say.
    fn action(&self) -> Value {
        let of_graph = ["me", "send_mail", "graph"].contains(&self.at.as_str());
        match self.kind.as_str() {
            "refuse" => json!({ "refuse": self.number.trim().parse::<u32>().unwrap_or_default() }),
            "unavailable" if of_graph => {
                let error = json!({ "error": { "code": "ServiceUnavailable", "message": "The service is unavailable." } });
                json!({ "status": 503, "json": error })
            }
            "unavailable" => json!({ "status": 503 }),
            "front_door" => json!({ "status": 503, "html": "<h1>Service Unavailable</h1>" }),
            "failed_after_work" => json!({ "status": 504, "after_work": true }),
            "throttle" if of_graph => {
                let text = "Application is over its MailboxConcurrency limit.";
                let error = json!({ "error": { "code": "ApplicationThrottled", "message": text } });
                json!({ "status": 429, "retry_after": 10, "json": error })
            }
            "throttle" => json!({ "status": 429, "retry_after": 10 }),
            "delay" => json!({ "delay_ms": 10_000 }),
            "cut_before_work" => json!({ "cut": "before_work" }),
            "cut_after_work" => json!({ "cut": "after_work" }),
            other => json!({ (other): null }),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct DeleteForm {
    id: u64,
}

pub(crate) async fn delete_fault(
    State(sandbox): State<Arc<Sandbox>>,
    Form(form): Form<DeleteForm>,
) -> Response {
    // Gone already is as good.
    sandbox.store().faults.remove(form.id);
    back()
}

#[cfg(test)]
mod tests {
    use crate::testing::Test;

    #[tokio::test]
    async fn the_page_shows_and_does_everything() {
        let mut test = Test::new();
        let page = test.get("/sandbox").await;
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
        assert!(!page.text().contains("<script") && page.text().contains(r#"href="/inbox""#));
        for id in ["clock-91-days", "revoke-account-anna", "policy-denied", "fault-add", "now"] {
            assert!(page.text().contains(&format!(r#"id="{id}""#)), "{id}");
        }
        let forms: [(&str, &[(&str, &str)]); 4] = [
            ("clock", &[("advance_seconds", "86400")]),
            ("revoke", &[("upn", "anna@bakkerijjansen.example"), ("why", "sessions_revoked")]),
            ("policy", &[("user_consent", "denied"), ("step_up", "yes")]),
            ("fault", &[("at", "token"), ("times", "3"), ("kind", "refuse"), ("number", "53003")]),
        ];
        for (form, fields) in forms {
            let answer = test.form(&format!("/sandbox/page/{form}"), fields).await;
            assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/sandbox"), "{form}");
        }
        assert_eq!(test.get("/sandbox/clock").await.json()["moved_seconds"], 86400);
        let policy = test.get("/sandbox/tenants/bakkerijjansen.example").await.json();
        assert_eq!((&policy["user_consent"], &policy["step_up"]), (&"denied".into(), &true.into()));
        let page = test.get("/sandbox").await.text();
        assert!(page.contains("3 to come") && page.contains(r#"id="delete-fault-1""#), "{page}");
        let kinds = [
            "unavailable",
            "front_door",
            "failed_after_work",
            "throttle",
            "delay",
            "cut_before_work",
            "cut_after_work",
        ];
        for kind in kinds {
            let fields = [("at", "graph"), ("times", "1"), ("kind", kind), ("number", "")];
            assert_eq!(test.form("/sandbox/page/fault", &fields).await.status.as_u16(), 303, "{kind}");
        }
        test.form("/sandbox/page/fault/delete", &[("id", "1")]).await;
        assert_eq!(test.get("/sandbox/faults").await.json().as_array().unwrap().len(), kinds.len());
        let wrong = [("at", "token"), ("times", "1"), ("kind", "refuse"), ("number", "seven")];
        assert_eq!(test.form("/sandbox/page/fault", &wrong).await.status.as_u16(), 400);
    }
}
