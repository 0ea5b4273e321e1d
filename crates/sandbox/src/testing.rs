//! What the crate's own tests share: a sandbox whose clock stands still, and a caller without a network.

use std::sync::{Arc, OnceLock};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use chrono::DateTime;
use serde_json::Value;
use tower::ServiceExt;

use crate::{
    clock::Clock,
    config::Config,
    entra::SigningKey,
    inbox::{Address, Mail},
    router,
    state::Sandbox,
};

/// One key for all tests: making one takes a while.
static KEY: OnceLock<SigningKey> = OnceLock::new();

pub(crate) fn key() -> &'static SigningKey {
    KEY.get_or_init(SigningKey::generate)
}

pub(crate) const SECRET: &str = "a secret of tests + one & sign";
pub(crate) const REDIRECT: &str = "http://localhost:8787/callback";
pub(crate) const NOW: i64 = 1_900_000_000;
/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// What the product asks for (section 1.3).
pub(crate) const USUAL: &str = "openid profile offline_access User.Read Mail.Send";

/// A sandbox and a browser with one cookie.
pub(crate) struct Test {
    pub(crate) sandbox: Arc<Sandbox>,
    router: Router,
    cookie: Option<String>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A parameter of the redirect, wherever it is.
    pub(crate) fn returned(&self, name: &str) -> Option<String> {
        let location = self.header("location");
        let (_, answer) = location.split_once(['?', '#'])?;
        form_urlencoded::parse(answer.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The AADSTS number of a token answer; 0 when there is none.
    pub(crate) fn aadsts(&self) -> u64 {
        self.json()["error_codes"][0].as_u64().unwrap_or_default()
    }

    /// Graph's `error.code`.
    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn flow(&self) -> String {
        let text = self.text();
        let (_, rest) =
            text.split_once(r#"name="flow" value=""#).unwrap_or_else(|| panic!("no form in {text}"));
        rest.split('"').next().unwrap().to_owned()
    }
}

impl Test {
    pub(crate) fn new() -> Self {
        let config = Config {
            client_id: Config::CLIENT_ID.into(),
            client_secret: SECRET.into(),
            redirect_uris: vec![REDIRECT.into()],
        };
        let sandbox = Sandbox::with_key(config, Clock::standing_at(NOW), key().clone());
        sandbox.store().settings.send_delay_ms = 0;
        Self { router: router(Arc::clone(&sandbox)), sandbox, cookie: None }
    }

    pub(crate) async fn call(&mut self, mut request: Request<Body>) -> Answer {
        if let Some(cookie) = &self.cookie {
            request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        if let Some(cookie) = parts.headers.get(header::SET_COOKIE) {
            self.cookie = cookie.to_str().unwrap().split(';').next().map(str::to_owned);
        }
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, usize::MAX).await.unwrap(),
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.call(Request::get(path).header("host", "localhost:8790").body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.form_with(path, fields, &[]).await
    }

    pub(crate) async fn form_with(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = Request::post(path)
            .header("host", "localhost:8790")
            .header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.call(request.body(Body::from(body)).unwrap()).await
    }

    /// With a bearer token.
    pub(crate) async fn get_with(&mut self, path: &str, token: &str) -> Answer {
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        self.call(request.body(Body::empty()).unwrap()).await
    }

    /// A call of the control API.
    pub(crate) async fn control(&mut self, method: &str, path: &str, body: Value) -> Answer {
        let request = Request::builder().method(method).uri(path).body(Body::from(body.to_string()));
        self.call(request.unwrap()).await
    }

    /// `/authorize` with good parameters, changed by these; an empty value removes one.
    pub(crate) async fn authorize(&mut self, changes: &[(&str, &str)]) -> Answer {
        self.authorize_at("organizations", changes).await
    }

    /// The same at another tenant's path.
    pub(crate) async fn authorize_at(&mut self, tenant: &str, changes: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("client_id", Config::CLIENT_ID),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT),
            ("scope", USUAL),
            ("state", "s t&te"),
            ("nonce", "n-1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        change(&mut fields, changes);
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.get(&format!("/{tenant}/oauth2/v2.0/authorize?{query}")).await
    }

    pub(crate) async fn choose(&mut self, page: &Answer, local_part: &str) -> Answer {
        let oid = self.oid(local_part);
        self.form("/organizations/sign-in/account", &[("flow", &page.flow()), ("account", &oid)]).await
    }

    pub(crate) async fn password(&mut self, page: &Answer, password: &str) -> Answer {
        self.form("/organizations/sign-in/password", &[("flow", &page.flow()), ("password", password)]).await
    }

    pub(crate) async fn consent(&mut self, page: &Answer, answer: &str) -> Answer {
        self.form("/organizations/sign-in/consent", &[("flow", &page.flow()), ("answer", answer)]).await
    }

    /// An answer on "Need admin approval" or "Approval required".
    pub(crate) async fn approval(&mut self, page: &Answer, answer: &str) -> Answer {
        self.form("/organizations/sign-in/approval", &[("flow", &page.flow()), ("answer", answer)]).await
    }

    /// The whole way to a code, as a person goes it the first time.
    pub(crate) async fn sign_in(&mut self, local_part: &str, changes: &[(&str, &str)]) -> String {
        let page = self.authorize(changes).await;
        let page = self.choose(&page, local_part).await;
        let page = self.password(&page, "brood").await;
        let page = if page.status == StatusCode::FOUND { page } else { self.consent(&page, "accept").await };
        page.returned("code").unwrap_or_else(|| panic!("no code: {} {}", page.status, page.text()))
    }

    /// With session and consent still there.
    pub(crate) async fn sign_in_again(&mut self, changes: &[(&str, &str)]) -> String {
        let page = self.authorize(changes).await;
        page.returned("code").unwrap_or_else(|| panic!("no code: {} {}", page.status, page.text()))
    }

    /// `/token` with the app's credentials; an empty value removes a field.
    pub(crate) async fn token(&mut self, fields: &[(&str, &str)]) -> Answer {
        self.token_with(fields, &[]).await
    }

    pub(crate) async fn token_with(&mut self, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![("client_id", Config::CLIENT_ID), ("client_secret", SECRET)];
        change(&mut all, fields);
        self.form_with("/organizations/oauth2/v2.0/token", &all, headers).await
    }

    pub(crate) async fn redeem(&mut self, code: &str, changes: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        fields.extend_from_slice(changes);
        self.token(&fields).await
    }

    pub(crate) async fn refresh(&mut self, refresh_token: &str, scope: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token), ("scope", scope)])
            .await
    }

    /// An access token for this account with these scopes consented to.
    pub(crate) async fn access_token(&mut self, local_part: &str, scope: &str) -> String {
        let code = self.sign_in(local_part, &[("scope", scope)]).await;
        let answer = self.redeem(&code, &[]).await;
        answer.json()["access_token"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned()
    }

    pub(crate) async fn graph(
        &mut self,
        path: &str,
        token: &str,
        content_type: &str,
        body: impl Into<Body>,
    ) -> Answer {
        let request = Request::post(format!("/v1.0{path}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", content_type)
            .header("client-request-id", "mine-1");
        self.call(request.body(body.into()).unwrap()).await
    }

    pub(crate) async fn send(&mut self, token: &str, body: &Value) -> Answer {
        self.graph("/me/sendMail", token, "application/json", body.to_string()).await
    }

    pub(crate) async fn inbox(&mut self) -> Vec<Value> {
        self.get("/inbox.json").await.json().as_array().unwrap().clone()
    }

    pub(crate) fn oid(&self, local_part: &str) -> String {
        let store = self.sandbox.store();
        let found = store.directory.accounts().iter().find(|account| account.local_part() == local_part);
        found.unwrap().oid.clone()
    }
}

fn change<'a>(fields: &mut Vec<(&'a str, &'a str)>, changes: &[(&'a str, &'a str)]) {
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        if !value.is_empty() {
            fields.push((name, value));
        }
    }
}

pub(crate) fn mail() -> Mail {
    let address = |text: &str| Address { address: text.into(), name: None };
    Mail {
        id: 0,
        received_at: DateTime::UNIX_EPOCH,
        route: "graph-json",
        account: "a@example.com".into(),
        from: address("a@example.com"),
        to: vec![address("b@example.com")],
        cc: vec![],
        bcc: vec![],
        reply_to: vec![],
        subject: "x".into(),
        importance: "normal".into(),
        headers: vec![],
        message_id: None,
        text: None,
        html: None,
        saved_to_sent: true,
        attachments: vec![],
        envelope: None,
        raw: None,
    }
}
