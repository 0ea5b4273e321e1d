//! Somebody with a session, who signs a mailbox in: the requests that the page makes, without the page.

use api::{
    BeginConsent, BegunConsent, Challenge, ConsentOutcome, Digest, FinishConsent, MailboxId, MailboxView,
    Seen, Timestamp,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::RequestBuilder;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::http::{Answer, client};
use crate::sandbox::Account;
use crate::secrets::random_text;
use crate::stack::Stack;

/// A person at the page of one mailbox.
#[derive(Clone, Debug)]
pub struct Person<'s> {
    stack: &'s Stack,
    /// The mailbox in question.
    pub mailbox: MailboxId,
    /// The session, as `name=value`.
    pub cookie: String,
}

/// A sign-in under way: what the browser keeps while it is at Microsoft.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// What the Worker said.
    pub begun: BegunConsent,
    /// Everything to finish it with, but for the code.
    pub finish: FinishConsent,
    challenge: String,
}

impl<'s> Person<'s> {
    /// Trades a link for a session.
    pub async fn open(stack: &'s Stack, mailbox: MailboxId, link: &str) -> Self {
        let request =
            stack.request("POST", "/api/session").header("x-postbode", "1").json(&json!({ "link": link }));
        let cookie = Answer::to(request).await.expect(200).cookie().unwrap();
        Self { stack, mailbox, cookie }
    }

    /// The same person at the page of another mailbox.
    #[must_use]
    pub fn at(&self, mailbox: MailboxId) -> Self {
        Self { mailbox, ..self.clone() }
    }

    /// A request of the page; the path continues behind the mailbox's.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let path = format!("/api/mailboxes/{}{path}", self.mailbox);
        self.stack.request(method, &path).header("x-postbode", "1").header("cookie", &self.cookie)
    }

    async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        Answer::to(self.request("POST", path).json(body)).await
    }

    /// The page as it is now.
    pub async fn view(&self) -> MailboxView {
        Answer::to(self.request("GET", "")).await.expect(200).json()
    }

    /// Removes the authentication.
    pub async fn remove(&self) -> MailboxView {
        Answer::to(self.request("DELETE", "/authentication")).await.expect(200).json()
    }

    /// Changes the settings.
    pub async fn save(&self, change: impl FnOnce(&mut api::MailboxSettings)) -> MailboxView {
        let MailboxView { version, mut settings, .. } = self.view().await;
        change(&mut settings);
        let save = api::SaveSettings { version, settings, access_code: None, relay_key: None };
        Answer::to(self.request("PUT", "").json(&save)).await.expect(200).json()
    }

    /// Saves the page with an access code typed into it, and takes the answer as it is.
    pub async fn type_access_code(
        &self,
        access_code: &str,
        change: impl FnOnce(&mut api::MailboxSettings),
    ) -> Answer {
        let MailboxView { version, mut settings, .. } = self.view().await;
        change(&mut settings);
        let save = api::SaveSettings {
            version,
            settings,
            access_code: Some(access_code.to_owned()),
            relay_key: None,
        };
        Answer::to(self.request("PUT", "").json(&save)).await
    }

    /// Saves the page with the key of a relay of the mailbox's own typed into it, too.
    pub async fn type_relay_key(
        &self,
        relay_key: &str,
        access_code: &str,
        change: impl FnOnce(&mut api::MailboxSettings),
    ) -> Answer {
        let MailboxView { version, mut settings, .. } = self.view().await;
        change(&mut settings);
        let (access_code, relay_key) = (Some(access_code.to_owned()), Some(relay_key.to_owned()));
        let save = api::SaveSettings { version, settings, access_code, relay_key };
        Answer::to(self.request("PUT", "").json(&save)).await
    }

    /// Asks an administrator, or no longer.
    pub async fn ask_approval(&self, asked: bool) -> MailboxView {
        let method = if asked { "POST" } else { "DELETE" };
        Answer::to(self.request(method, "/approval").json(&json!({}))).await.expect(200).json()
    }

    /// Looks whether what stood in the way is gone.
    pub async fn check_again(&self) -> MailboxView {
        self.post("/authentication/renewal", &json!({})).await.expect(200).json()
    }

    /// Says that what ended by then was seen.
    pub async fn seen(&self, until: Timestamp) -> MailboxView {
        self.post("/seen", &Seen { until }).await.expect(200).json()
    }

    /// Brings an error back instead of a code.
    pub async fn refuse(&self, sign_in: &SignIn, error: &str, description: Option<&str>) -> Answer {
        let path = format!("/consent/{}/refusal", sign_in.begun.attempt);
        let refused =
            json!({ "state": sign_in.finish.state, "error": error, "error_description": description });
        self.post(&path, &refused).await
    }

    /// Begins a sign-in.
    pub async fn begin(&self) -> SignIn {
        let (state, nonce, verifier) = (random_text(), random_text(), random_text());
        let challenge = hash(&verifier);
        let hashes = BeginConsent {
            challenge: Challenge(challenge.clone()),
            state_hash: Digest(hash(&state)),
            nonce_hash: Digest(hash(&nonce)),
            choose_account: false,
        };
        let begun = self.post("/consent", &hashes).await.expect(201).json();
        SignIn { begun, finish: FinishConsent { state, nonce, verifier, code: String::new() }, challenge }
    }

    /// Finishes it with what came back from Microsoft.
    pub async fn finish(&self, sign_in: &SignIn) -> Answer {
        self.post(&format!("/consent/{}", sign_in.begun.attempt), &sign_in.finish).await
    }

    /// Says yes or no to what must be confirmed.
    pub async fn answer(&self, sign_in: &SignIn, confirmed: bool) -> Answer {
        let path = format!("/consent/{}/answer", sign_in.begun.attempt);
        self.post(&path, &json!({ "confirmed": confirmed })).await
    }

    /// Signs the mailbox in as that account, with nothing left to confirm.
    pub async fn sign_in(&self, account: &Account) -> MailboxView {
        let mut sign_in = self.begin().await;
        sign_in.at_microsoft(account).await;
        match self.finish(&sign_in).await.expect(200).json() {
            ConsentOutcome::Connected { mailbox } => *mailbox,
            other @ ConsentOutcome::Confirm { .. } => panic!("connected without a question, not {other:?}"),
        }
    }
}

impl SignIn {
    /// Goes through Microsoft's pages as that account, in a browser that has no session there, and brings the code.
    pub async fn at_microsoft(&mut self, account: &Account) {
        let came_back = sent_back(&self.authorization_url(), account).await;
        let fragment =
            came_back.strip_prefix(&self.begun.redirect_uri).and_then(|rest| rest.strip_prefix('#'));
        let fragment = fragment.unwrap_or_else(|| panic!("not the way back: {came_back}"));
        let returned = |name: &str| {
            let found = form_urlencoded::parse(fragment.as_bytes()).find(|(key, _)| key == name);
            found.unwrap_or_else(|| panic!("no {name} in the answer")).1.into_owned()
        };
        assert_eq!(returned("state"), self.finish.state);
        self.finish.code = returned("code");
    }

    /// Where Microsoft sends the browser with that code.
    pub fn way_back(&self) -> String {
        let mut answer = form_urlencoded::Serializer::new(String::new());
        answer.append_pair("code", &self.finish.code).append_pair("state", &self.finish.state);
        format!("{}#{}", self.begun.redirect_uri, answer.finish())
    }

    fn authorization_url(&self) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.begun.client_id)
            .append_pair("response_type", "code")
            .append_pair("response_mode", "fragment")
            .append_pair("redirect_uri", &self.begun.redirect_uri)
            .append_pair("scope", &self.begun.scopes.join(" "))
            .append_pair("state", &self.finish.state)
            .append_pair("nonce", &self.finish.nonce)
            .append_pair("code_challenge", &self.challenge)
            .append_pair("code_challenge_method", "S256")
            .finish();
        format!("{}?{query}", self.begun.authorization_endpoint)
    }
}

/// Goes through Microsoft's pages from that address as that account, where it has no session, and gives the address that
/// it is sent back to.
pub async fn sent_back(url: &str, account: &Account) -> String {
    let microsoft = Microsoft::begin(url).await;
    let chosen = microsoft.step("account", &[("account", &account.oid)]).await;
    assert!(chosen.text().contains("id=\"password\""), "{}", chosen.text());
    let mut page = microsoft.step("password", &[("password", &account.password)]).await;
    if page.status == 200 {
        page = microsoft.step("consent", &[("answer", "accept")]).await;
    }
    assert_eq!(page.status, 302, "no way back: {}", page.text());
    page.header("location").to_owned()
}

/// Microsoft's pages, as far as their forms go.
struct Microsoft {
    http: reqwest::Client,
    /// Where the forms of this tenant post to.
    forms: String,
    flow: String,
}

impl Microsoft {
    async fn begin(url: &str) -> Self {
        let http = client();
        let page = Answer::to(http.get(url)).await.expect(200).text();
        let flow = page.split_once("name=\"flow\" value=\"").map(|(_, rest)| rest);
        let flow = flow.and_then(|rest| rest.split('"').next());
        let flow = flow.unwrap_or_else(|| panic!("no form in {page}")).to_owned();
        let forms = url.split_once("/oauth2/").unwrap().0.to_owned();
        Self { http, forms, flow }
    }

    async fn step(&self, step: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let form = form.append_pair("flow", &self.flow).extend_pairs(fields).finish();
        let request = self.http.post(format!("{}/sign-in/{step}", self.forms));
        Answer::to(request.header("content-type", "application/x-www-form-urlencoded").body(form)).await
    }
}

/// What the Worker learns of a value that stays in the browser.
fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text))
}
