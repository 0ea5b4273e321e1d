//! Refreshing (section 1.6).

use crate::testing::{Test, USUAL};

async fn first(test: &mut Test, scope: &str) -> String {
    let code = test.sign_in("facturen", &[("scope", scope)]).await;
    let narrowed = [("scope", "User.Read offline_access")];
    test.redeem(&code, &narrowed).await.json()["refresh_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_refresh_gives_a_new_token_and_the_old_one_stays() {
    let mut test = Test::new();
    let old = first(&mut test, USUAL).await;
    let new = test.refresh(&old, "Mail.Send").await.json()["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(old, new);
    for token in [&old, &new, &old] {
        assert_eq!(test.refresh(token, "Mail.Send").await.aadsts(), 0);
    }
}

#[tokio::test]
async fn ninety_days_and_each_token_its_own() {
    const DAY: i64 = 24 * 3600;
    let mut test = Test::new();
    let old = first(&mut test, USUAL).await;
    test.sandbox.clock.advance(89 * DAY);
    let new = test.refresh(&old, "Mail.Send").await.json()["refresh_token"].as_str().unwrap().to_owned();
    test.sandbox.clock.advance(DAY);
    let answer = test.refresh(&old, "Mail.Send").await;
    assert_eq!((answer.aadsts(), answer.status.as_u16()), (700_082, 400));
    assert_eq!(test.refresh(&new, "Mail.Send").await.aadsts(), 0);
}

#[tokio::test]
async fn it_serves_the_other_resource() {
    let mut test = Test::new();
    let token = first(&mut test, &format!("{USUAL} https://outlook.office.com/SMTP.Send")).await;
    let body =
        test.refresh(&token, "https://outlook.office.com/SMTP.Send offline_access openid").await.json();
    assert_eq!(body["scope"], "https://outlook.office.com/SMTP.Send");
    assert!(body["id_token"].is_string());
}

#[tokio::test]
async fn of_several_resources_the_first() {
    let mut test = Test::new();
    let token = first(&mut test, &format!("{USUAL} https://outlook.office.com/SMTP.Send")).await;
    let body = test.refresh(&token, "https://outlook.office.com/SMTP.Send Mail.Send").await.json();
    assert_eq!(body["scope"], "https://outlook.office.com/SMTP.Send");
}

#[tokio::test]
async fn without_scope_the_original_ones() {
    let mut test = Test::new();
    let token = first(&mut test, USUAL).await;
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
    let body = test.token(&fields).await.json();
    assert_eq!(body["scope"], "https://graph.microsoft.com/Mail.Send https://graph.microsoft.com/User.Read");
}

#[tokio::test]
async fn a_scope_without_consent_is_refused() {
    let mut test = Test::new();
    let token = first(&mut test, USUAL).await;
    let answer = test.refresh(&token, "https://outlook.office.com/SMTP.Send").await;
    assert_eq!((answer.aadsts(), &answer.json()["error"]), (65001, &"invalid_grant".into()));
}

#[tokio::test]
async fn unknown_tokens_are_refused_by_their_looks() {
    let mut test = Test::new();
    assert_eq!(test.refresh("1.AXYZ", "Mail.Send").await.aadsts(), 70000);
    assert_eq!(test.refresh("0.truncated", "Mail.Send").await.aadsts(), 9_002_313);
}
