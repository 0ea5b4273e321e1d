//! Microsoft's stand-in, seen from outside: who exists there, what it was asked, and what arrived (`docs/sandbox.md`).

use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::Answer;
use crate::mail::Mail;

/// The sandbox's tenant, "Bakkerij Jansen".
pub const TENANT: &str = "b0a7e5c1-1d8e-4b6f-9c53-0a1b2c3d4e5f";
/// Its domain.
pub const DOMAIN: &str = "bakkerijjansen.example";

/// A person or mailbox there.
#[derive(Clone, Debug, Deserialize)]
pub struct Account {
    /// Its id in its tenant.
    pub oid: String,
    /// Its user name, which is its address.
    pub upn: String,
    /// Whose it is, as others see it.
    pub name: String,
    /// Its password.
    pub password: String,
}

impl Account {
    /// What its button on the sign-in page is called after.
    pub fn local_part(&self) -> &str {
        self.upn.split('@').next().unwrap()
    }
}

/// A request to the token endpoint.
#[derive(Clone, Debug, Deserialize)]
pub struct TokenRequest {
    /// `authorization_code` or `refresh_token`.
    pub grant_type: String,
    /// Whose tokens it was about.
    pub account: Option<String>,
    /// When it came.
    pub at: api::Timestamp,
    /// How it ended.
    pub outcome: String,
}

/// Everything that was issued so far.
#[derive(Clone, Debug, Deserialize)]
pub struct Issued {
    /// Authorization codes.
    pub codes: Vec<String>,
    /// Access tokens.
    pub access_tokens: Vec<String>,
    /// Refresh tokens.
    pub refresh_tokens: Vec<String>,
}

/// That a mail arrived.
#[derive(Clone, Debug, Deserialize)]
pub struct Arrived {
    /// Its number in the inbox.
    pub id: u64,
    /// When.
    pub at: api::Timestamp,
    /// Its subject.
    pub subject: String,
    /// Whom its envelope named.
    pub rcpt: Vec<String>,
}

/// An ordered mishap, and what it did.
#[derive(Clone, Debug, Deserialize)]
pub struct Fault {
    /// Its id.
    pub id: u64,
    /// How often it has happened.
    pub hits: usize,
    /// The `client-request-id` of those it happened to, where they said one.
    pub requests: Vec<String>,
}

/// SMTP connections that signed in to a mailbox.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct SmtpSessions {
    /// All so far.
    pub signed_in: usize,
    /// The most of them together.
    pub at_once: usize,
}

/// The sandbox of a stack.
#[derive(Debug)]
pub struct Sandbox {
    /// Where it is.
    pub origin: String,
    pub(crate) port: u16,
    http: Client,
    accounts: AtomicU32,
}

impl Sandbox {
    pub(crate) fn new(port: u16, http: Client) -> Self {
        Self { origin: format!("http://localhost:{port}"), port, http, accounts: AtomicU32::new(0) }
    }

    /// An account that is there from the beginning, by the name before its `@`.
    pub async fn built_in(&self, name: &str) -> Account {
        let all: Vec<Account> = self.get("/sandbox/accounts").await.json();
        all.into_iter().find(|account| account.local_part() == name).unwrap()
    }

    /// A new account in the sandbox's tenant.
    pub async fn account(&self, name: &str) -> Account {
        self.account_with(name, json!({})).await
    }

    /// A new account with more said about it, e.g. another `tid`.
    pub async fn account_with(&self, name: &str, besides: Value) -> Account {
        let number = self.accounts.fetch_add(1, Ordering::Relaxed);
        let mut wanted =
            json!({ "upn": format!("{name}{number}@{DOMAIN}"), "name": format!("{name} {number}") });
        wanted.as_object_mut().unwrap().extend(besides.as_object().unwrap().clone());
        let request = self.http.post(self.url("/sandbox/accounts")).json(&wanted);
        Answer::to(request).await.expect(201).json()
    }

    /// Orders a mishap (`docs/sandbox.md`, faults); its id, to call it off.
    pub async fn fault(&self, order: Value) -> u64 {
        let request = self.http.post(self.url("/sandbox/faults")).json(&order);
        let made: Value = Answer::to(request).await.expect(201).json();
        made.get("id").and_then(Value::as_u64).unwrap()
    }

    /// How often an ordered mishap has happened.
    pub async fn hits(&self, fault: u64) -> usize {
        self.faults().await.iter().find(|one| one.id == fault).map_or(0, |one| one.hits)
    }

    /// Every ordered mishap.
    pub async fn faults(&self) -> Vec<Fault> {
        self.get("/sandbox/faults").await.json()
    }

    /// The SMTP connections of an account's mailbox.
    pub async fn smtp_sessions(&self, account: &Account) -> SmtpSessions {
        self.get(&format!("/sandbox/accounts/{}/smtp-sessions", encoded(&account.upn))).await.json()
    }

    /// Calls one mishap off.
    pub async fn call_off(&self, fault: u64) {
        Answer::to(self.http.delete(self.url(&format!("/sandbox/faults/{fault}")))).await.expect(204);
    }

    /// Calls all mishaps off.
    pub async fn no_faults(&self) {
        Answer::to(self.http.delete(self.url("/sandbox/faults"))).await.expect(204);
    }

    /// Moves its clock.
    pub async fn advance(&self, seconds: i64) {
        let request = self.http.post(self.url("/sandbox/clock")).json(&json!({ "advance_seconds": seconds }));
        Answer::to(request).await.expect(200);
    }

    /// Changes something about an account.
    pub async fn change(&self, account: &Account, change: Value) {
        let path = format!("/sandbox/accounts/{}", encoded(&account.upn));
        Answer::to(self.http.patch(self.url(&path)).json(&change)).await.expect(200);
    }

    /// Revokes what an account had: `sessions_revoked`, `password_reset` or `consent_removed`.
    pub async fn revoke(&self, account: &Account, why: &str) {
        let path = format!("/sandbox/accounts/{}/revoke", encoded(&account.upn));
        let answer = Answer::to(self.http.post(self.url(&path)).json(&json!({ "why": why }))).await;
        assert!((200..300).contains(&answer.status), "{}", answer.text());
    }

    /// Changes what people of a tenant may consent to.
    pub async fn tenant(&self, tid: &str, change: Value) {
        let path = format!("/sandbox/tenants/{tid}");
        Answer::to(self.http.patch(self.url(&path)).json(&change)).await.expect(200);
    }

    /// Registers another app.
    pub async fn app(&self, app: Value) {
        Answer::to(self.http.post(self.url("/sandbox/apps")).json(&app)).await.expect(201);
    }

    /// Changes an app's registration.
    pub async fn change_app(&self, client_id: &str, change: Value) {
        let path = format!("/sandbox/apps/{client_id}");
        Answer::to(self.http.patch(self.url(&path)).json(&change)).await.expect(200);
    }

    /// What was consented to: `tenant_wide` by tenant, `users` by user name.
    pub async fn consents(&self) -> Value {
        self.get("/sandbox/consents").await.json()
    }

    /// Changes how it behaves, for everybody.
    pub async fn set(&self, settings: Value) {
        Answer::to(self.http.patch(self.url("/sandbox/settings")).json(&settings)).await.expect(200);
    }

    /// What it was asked about one account's tokens, oldest first.
    pub async fn token_requests(&self, account: &Account) -> Vec<TokenRequest> {
        let all: Vec<TokenRequest> = self.get("/sandbox/token-requests").await.json();
        all.into_iter().filter(|request| request.account.as_deref() == Some(&account.upn)).collect()
    }

    /// Requests with that grant about one account's tokens.
    pub async fn grants(&self, account: &Account, grant_type: &str) -> usize {
        let requests = self.token_requests(account).await;
        requests.iter().filter(|request| request.grant_type == grant_type).count()
    }

    /// Everything it ever issued.
    pub async fn issued(&self) -> Issued {
        self.get("/sandbox/issued").await.json()
    }

    /// What arrived from one account, oldest first.
    pub async fn mails(&self, account: &Account) -> Vec<Mail> {
        self.get(&format!("/inbox.json?account={}", encoded(&account.upn))).await.json()
    }

    /// The same, without what they say: for counting many.
    pub async fn ledger(&self, account: &Account) -> Vec<Arrived> {
        self.get(&format!("/sandbox/ledger?account={}", encoded(&account.upn))).await.json()
    }

    /// The bytes of an attachment.
    pub async fn bytes(&self, attachment: &crate::mail::File) -> Vec<u8> {
        self.get(&attachment.url).await.body
    }

    /// The bytes of the first attachment of a mail.
    pub async fn first_file(&self, mail: &Arrived) -> Vec<u8> {
        self.get(&format!("/inbox/{}/attachments/0", mail.id)).await.body
    }

    /// A mail as it came over the wire; only SMTP leaves it as it was.
    pub async fn raw(&self, mail: &crate::mail::Mail) -> Vec<u8> {
        self.get(mail.raw.as_deref().unwrap()).await.body
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    async fn get(&self, path: &str) -> Answer {
        Answer::to(self.http.get(self.url(path))).await.expect(200)
    }
}

/// Graph's own body of an error, which proves that Graph itself refused (Microsoft: "Microsoft Graph error responses").
pub fn graph_error(code: &str) -> Value {
    json!({ "error": { "code": code, "message": "ordered", "innerError": { "request-id": "ordered" } } })
}

/// A user name in a path; a guest's holds a `#`.
fn encoded(upn: &str) -> String {
    form_urlencoded::byte_serialize(upn.as_bytes()).collect()
}
