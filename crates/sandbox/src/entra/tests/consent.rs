//! Who may consent, and what those see who may not (section 2).

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    Config,
    directory::TENANT_ID,
    testing::{Answer, REDIRECT, Test, USUAL},
};

const ANNA: &str = "anna@bakkerijjansen.example";
const CANCEL: &str = "http://localhost:8787/callback?error=access_denied&error_subcode=cancel&state=s+t%26te";

async fn policy(test: &mut Test, change: Value) -> Value {
    let answer = test.control("PATCH", "/sandbox/tenants/bakkerijjansen.example", change).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

/// The page after the password.
async fn signed_in(test: &mut Test, local_part: &str, changes: &[(&str, &str)]) -> Answer {
    let page = test.authorize(changes).await;
    let page = test.choose(&page, local_part).await;
    test.password(&page, "brood").await
}

fn has(page: &Answer, id: &str) -> bool {
    page.text().contains(&format!(r#"id="{id}""#))
}

async fn admin_consent(test: &mut Test, tenant: &str, changes: &[(&str, &str)]) -> Answer {
    let mut fields = vec![
        ("client_id", Config::CLIENT_ID),
        ("scope", "https://graph.microsoft.com/Mail.Send User.Read openid profile offline_access"),
        ("redirect_uri", REDIRECT),
        ("state", "s t&te"),
    ];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    fields.retain(|(_, value)| !value.is_empty());
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    test.get(&format!("/{tenant}/v2.0/adminconsent?{query}")).await
}

#[tokio::test]
async fn without_the_right_and_the_workflow_the_person_can_only_return() {
    let mut test = Test::new();
    policy(&mut test, json!({ "user_consent": "denied" })).await;
    let page = signed_in(&mut test, "anna", &[]).await;
    assert!(page.text().contains("Need admin approval") && page.text().contains("AADSTS90094"));
    assert!(has(&page, "return") && has(&page, "admin-sign-in") && !has(&page, "accept"));
    // Accepting anyway does nothing.
    assert!(has(&test.consent(&page, "accept").await, "return"));
    assert!(test.sandbox.store().consents.of_users(None).is_empty());
    let back = test.approval(&page, "return").await;
    assert_eq!(back.header("location"), CANCEL);
    let silent = test.authorize(&[("prompt", "none")]).await;
    assert_eq!(silent.returned("error").as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn an_administrator_can_take_over() {
    let mut test = Test::new();
    policy(&mut test, json!({ "step_up": true })).await;
    let page = signed_in(&mut test, "anna", &[]).await;
    assert!(page.text().contains("AADSTS900941"));
    let picker =
        test.form("/organizations/sign-in/account", &[("flow", &page.flow()), ("account", "")]).await;
    let page = test.choose(&picker, "beheer").await;
    let page = test.password(&page, "brood").await;
    assert!(has(&page, "accept") && has(&page, "whole-organisation"));
    let form = [("flow", page.flow()), ("answer", "accept".into()), ("whole_organisation", "yes".into())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let back = test.form("/organizations/sign-in/consent", &form).await;
    assert!(back.returned("code").is_some());
    let consents = test.get("/sandbox/consents").await.json();
    assert_eq!(consents["users"], json!({}));
    assert_eq!(consents["tenant_wide"][TENANT_ID].as_array().unwrap().len(), 5);
    // Now users see no page, unless the app asks for it.
    test.get("/common/oauth2/v2.0/logout").await;
    let back = signed_in(&mut test, "anna", &[]).await;
    let code = back.returned("code").unwrap();
    let scope = test.redeem(&code, &[]).await.json()["scope"].as_str().unwrap().to_owned();
    assert!(scope.contains("Mail.Send"), "{scope}");
    let page = test.authorize(&[("prompt", "consent")]).await;
    assert!(page.text().contains("AADSTS900941"));
}

#[tokio::test]
async fn a_request_for_approval_tells_the_app_nothing() {
    let mut test = Test::new();
    let policy = policy(&mut test, json!({ "admin_consent_workflow": true })).await;
    assert_eq!(policy["user_consent"], "managed");
    let path = format!("/sandbox/accounts/{ANNA}");
    test.control("PATCH", &path, json!({ "may_consent": false })).await;
    let page = signed_in(&mut test, "anna", &[]).await;
    assert!(page.text().contains("Approval required") && page.text().contains("AADSTS90095"));
    assert!(has(&page, "justification") && has(&page, "request-approval") && has(&page, "return"));
    let sent = test.approval(&page, "request").await;
    assert_eq!((sent.status, sent.header("location")), (StatusCode::OK, ""));
    assert!(has(&sent, "request-sent") && !has(&sent, "return"));
    let page = test.authorize(&[]).await;
    assert_eq!(test.approval(&page, "return").await.header("location"), CANCEL);
}

#[tokio::test]
async fn the_managed_policy_stops_reading_mail() {
    let mut test = Test::new();
    let page = signed_in(&mut test, "anna", &[]).await;
    assert!(has(&page, "accept") && !has(&page, "whole-organisation"));
    assert!(test.consent(&page, "accept").await.returned("code").is_some());
    let more = [("scope", "openid Mail.Send Mail.ReadWrite")];
    assert!(test.authorize(&more).await.text().contains("AADSTS90094"));
    policy(&mut test, json!({ "user_consent": "allowed" })).await;
    assert!(has(&test.authorize(&more).await, "accept"));
    let bad = test.control("PATCH", "/sandbox/tenants/bakkerijjansen.example", json!({ "x": 1 })).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    assert_eq!(test.get("/sandbox/tenants/organizations").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_is_not_assigned_stays_on_the_page() {
    let mut test = Test::new();
    let code = test.sign_in("anna", &[]).await;
    let token = test.redeem(&code, &[]).await.json()["refresh_token"].as_str().unwrap().to_owned();
    policy(&mut test, json!({ "assignment_required": true })).await;
    assert_eq!(test.refresh(&token, "Mail.Send").await.aadsts(), 0, "assigned, unless said otherwise");
    test.control("PATCH", &format!("/sandbox/accounts/{ANNA}"), json!({ "assigned": false })).await;
    assert_eq!(test.refresh(&token, "Mail.Send").await.aadsts(), 50105);
    assert!(test.authorize(&[]).await.text().contains("AADSTS50105"));
}

#[tokio::test]
async fn admin_consent_is_for_everybody_and_replaces_itself() {
    let mut test = Test::new();
    let code = test.sign_in("anna", &[("scope", "openid https://outlook.office.com/SMTP.Send")]).await;
    test.redeem(&code, &[]).await;
    test.get("/common/oauth2/v2.0/logout").await;
    let page = admin_consent(&mut test, "organizations", &[("scope", "Mail.ReadWrite")]).await;
    let page = test.choose(&page, "beheer").await;
    let page = test.password(&page, "brood").await;
    assert!(has(&page, "accept") && has(&page, "cancel") && !has(&page, "whole-organisation"));
    assert!(page.text().contains("Review for your organization"));
    let back = test.consent(&page, "accept").await;
    let expected = format!(
        "{REDIRECT}?admin_consent=True&tenant={TENANT_ID}&scope=https%3A%2F%2Fgraph.microsoft.com%2FMail.ReadWrite\
         &state=s+t%26te"
    );
    assert_eq!(back.header("location"), expected);
    // With the session there is only the one page; the new grant replaces the old.
    let page = admin_consent(&mut test, TENANT_ID, &[]).await;
    test.consent(&page, "accept").await;
    let consents = test.get("/sandbox/consents").await.json();
    let scopes = consents["tenant_wide"][TENANT_ID].to_string();
    assert!(scopes.contains("Mail.Send") && !scopes.contains("Mail.ReadWrite"), "{scopes}");
    assert!(consents["users"][ANNA].to_string().contains("SMTP.Send"));
    test.get("/common/oauth2/v2.0/logout").await;
    let back = signed_in(&mut test, "facturen", &[("scope", USUAL)]).await;
    assert!(back.returned("code").is_some());
    assert_eq!(test.control("DELETE", "/sandbox/consents", json!(null)).await.status.as_u16(), 204);
    assert!(has(&test.authorize(&[]).await, "accept"));
}

#[tokio::test]
async fn admin_consent_answers_no_in_two_ways() {
    let mut test = Test::new();
    let page = admin_consent(&mut test, "bakkerijjansen.example", &[]).await;
    let page = test.choose(&page, "beheer").await;
    let page = test.password(&page, "brood").await;
    let back = test.consent(&page, "cancel").await;
    let location = back.header("location").to_owned();
    assert!(
        location.starts_with(&format!("{REDIRECT}?error=consent_required&error_description=AADSTS65004"))
    );
    assert!(location.ends_with("&admin_consent=True&state=s+t%26te"), "{location}");
    // Not an administrator.
    test.get("/common/oauth2/v2.0/logout").await;
    let page = admin_consent(&mut test, "organizations", &[]).await;
    let page = test.choose(&page, "anna").await;
    assert_eq!(test.password(&page, "brood").await.header("location"), CANCEL);
    assert!(test.sandbox.store().consents.of_tenants(None).is_empty());
}

#[tokio::test]
async fn admin_consent_checks_its_parameters() {
    let mut test = Test::new();
    for (tenant, change, number) in [
        ("common", ("state", "x"), "900144"),
        ("nobody.example", ("state", "x"), "90002"),
        ("organizations", ("redirect_uri", "http://localhost:8787/other"), "50011"),
        ("organizations", ("redirect_uri", ""), "900971"),
        ("organizations", ("client_id", "x"), "700016"),
    ] {
        let page = admin_consent(&mut test, tenant, &[change]).await;
        assert!(page.text().contains(&format!("AADSTS{number}")), "{number} {}", page.text());
    }
    let back = admin_consent(&mut test, "organizations", &[("scope", "")]).await;
    assert_eq!(back.returned("error").as_deref(), Some("invalid_request"));
    let default =
        admin_consent(&mut test, "organizations", &[("scope", "https://graph.microsoft.com/.default")]);
    assert_eq!(default.await.status, StatusCode::NOT_IMPLEMENTED);
    let fault = json!({ "at": "admin_consent", "do": { "refuse": 500_014 } });
    test.control("POST", "/sandbox/faults", fault).await;
    let back = admin_consent(&mut test, "organizations", &[]).await;
    assert_eq!(back.returned("error").as_deref(), Some("invalid_resource"));
}
