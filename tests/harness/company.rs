//! An organisation and its ERP.

use api::{
    BatchItem, BatchOutcome, CreatedKey, CreatedLink, CreatedMailbox, CreatedOrganisation, Kind,
    LIST_MESSAGES_MAX, LimitsView, MailboxId, MailboxState, MessageId, MessageList, MessageState,
    MessageView, OrganisationId, SendMessage,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::http::Answer;
use crate::mail::Mail;
use crate::person::Person;
use crate::sandbox::{Account, TENANT};
use crate::stack::Stack;
use crate::time::until;

/// An organisation with one mailbox, whose account at Microsoft is its own, and an ERP with a key.
#[derive(Debug)]
pub struct Company<'s> {
    /// The installation that it is on.
    pub stack: &'s Stack,
    /// Its id.
    pub id: OrganisationId,
    /// Its mailbox.
    pub mailbox: MailboxId,
    /// Whose mailbox that is.
    pub account: Account,
    /// Its ERP's key.
    pub key: String,
}

impl<'s> Company<'s> {
    /// Makes one that is tied to the sandbox's tenant.
    pub async fn new(stack: &'s Stack, name: &str) -> Self {
        Self::in_tenant(stack, name, Some(TENANT)).await
    }

    /// Makes one that is tied to that tenant, or to none yet.
    pub async fn in_tenant(stack: &'s Stack, name: &str, tenant: Option<&str>) -> Self {
        let account = stack.sandbox.account(name).await;
        Self::of(stack, name, account, tenant).await
    }

    /// Makes one for an account that there is.
    pub async fn of(stack: &'s Stack, name: &str, account: Account, tenant: Option<&str>) -> Self {
        let wanted = json!({ "name": name, "tenant": tenant, "mailboxes": [{ "address": account.upn }] });
        let request = stack.as_operator("POST", "/operator/organisations").json(&wanted);
        let made: CreatedOrganisation = Answer::to(request).await.expect(201).json();
        let keys = format!("/operator/organisations/{}/keys", made.id);
        let request = stack.as_operator("POST", &keys).json(&json!({ "name": "ERP" }));
        let CreatedKey { key, .. } = Answer::to(request).await.expect(201).json();
        Self { stack, id: made.id, mailbox: *made.mailboxes.first().unwrap(), account, key }
    }

    /// Makes one whose mailbox is signed in.
    pub async fn signed_in(stack: &'s Stack, name: &str) -> Self {
        let company = Self::new(stack, name).await;
        company.person().await.sign_in(&company.account).await;
        company
    }

    /// Makes one whose mailbox is signed in and sends by Microsoft 365 SMTP OAuth2.
    pub async fn by_smtp(stack: &'s Stack, name: &str) -> Self {
        let company = Self::new(stack, name).await;
        let person = company.person().await;
        person.save(|settings| settings.kind = Kind::SmtpOAuth2).await;
        assert_eq!(person.sign_in(&company.account).await.state, MailboxState::Ready);
        company
    }

    /// Adds a mailbox for that account.
    pub async fn add_mailbox(&self, account: &Account) -> MailboxId {
        let path = format!("/operator/organisations/{}/mailboxes", self.id);
        let request = self.stack.as_operator("POST", &path).json(&json!({ "address": account.upn }));
        let CreatedMailbox { id } = Answer::to(request).await.expect(201).json();
        id
    }

    /// Adds a mailbox for that account, and signs it in.
    pub async fn add_signed_in(&self, account: &Account) -> MailboxId {
        let mailbox = self.add_mailbox(account).await;
        self.person().await.at(mailbox).sign_in(account).await;
        mailbox
    }

    /// A key that is bound to those mailboxes.
    pub async fn key_for(&self, mailboxes: &[MailboxId]) -> String {
        let path = format!("/operator/organisations/{}/keys", self.id);
        let wanted = json!({ "name": "gebonden", "mailboxes": mailboxes });
        let request = self.stack.as_operator("POST", &path).json(&wanted);
        let CreatedKey { key, .. } = Answer::to(request).await.expect(201).json();
        key
    }

    /// Gives it an app registration of its own.
    pub async fn register(&self, registration: &serde_json::Value) -> Answer {
        let path = format!("/operator/organisations/{}/registration", self.id);
        Answer::to(self.stack.as_operator("PUT", &path).json(registration)).await
    }

    /// A link into its pages, as the operator makes it.
    pub async fn link(&self) -> String {
        let path = format!("/operator/organisations/{}/links", self.id);
        let CreatedLink { url, .. } =
            Answer::to(self.stack.as_operator("POST", &path).json(&json!({}))).await.expect(201).json();
        url
    }

    /// Somebody with a session of their own.
    pub async fn person(&self) -> Person<'s> {
        let link = self.link().await;
        Person::open(self.stack, self.mailbox, link.split_once('#').unwrap().1).await
    }

    /// Posts a message and takes the answer as it is; `wait` seconds for the outcome, if any.
    pub async fn post(&self, message: &SendMessage, wait: Option<u32>) -> Answer {
        let request = self.stack.with_key("POST", "/v1/messages", &self.key).json(message);
        Answer::to(match wait {
            Some(seconds) => request.header("prefer", format!("wait={seconds}")),
            None => request,
        })
        .await
    }

    /// Posts a whole message as its own program wrote it, and takes the outcome as it is.
    pub async fn post_raw(&self, message: &[u8]) -> Answer {
        let request = self.stack.with_key("POST", "/v1/messages", &self.key);
        let request = request.header("content-type", "message/rfc822").header("prefer", "wait=20");
        Answer::to(request.body(message.to_vec())).await
    }

    /// Posts a message that must be handed over while the caller waits.
    pub async fn hand_over(&self, message: &SendMessage) -> MessageView {
        let view: MessageView = self.post(message, Some(20)).await.expect(200).json();
        assert_eq!(view.state, MessageState::HandedOver, "{view:?}");
        view
    }

    /// What became of a message.
    pub async fn look(&self, id: MessageId) -> MessageView {
        let request = self.stack.with_key("GET", &format!("/v1/messages/{id}"), &self.key);
        Answer::to(request).await.expect(200).json()
    }

    /// What became of so many of its messages, newest first, without their attempts.
    pub async fn newest(&self, count: usize) -> Vec<MessageView> {
        let (mut messages, mut cursor) = (Vec::new(), String::new());
        while messages.len() < count {
            let limit = (count - messages.len()).min(LIST_MESSAGES_MAX);
            let request =
                self.stack.with_key("GET", &format!("/v1/messages?limit={limit}{cursor}"), &self.key);
            let page: MessageList = Answer::to(request).await.expect(200).json();
            messages.extend(page.messages);
            let Some(next) = page.next_cursor else { break };
            cursor = format!("&cursor={next}");
        }
        messages
    }

    /// Waits until a message is in that state.
    pub async fn until(&self, id: MessageId, state: MessageState) -> MessageView {
        until(&format!("{id} is {}", state.as_str()), async || {
            let view = self.look(id).await;
            (view.state == state).then_some(view)
        })
        .await
    }

    /// Asks for something with its key, and takes the answer as it is.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::to(self.stack.with_key("GET", path, &self.key)).await
    }

    /// A page of its messages; `query` is what stands behind the `?`.
    pub async fn list(&self, query: &str) -> MessageList {
        self.get(&format!("/v1/messages?{query}")).await.expect(200).json()
    }

    /// A message as MIME, or why it is not to be had.
    pub async fn mime(&self, id: MessageId) -> Answer {
        self.get(&format!("/v1/messages/{id}/mime")).await
    }

    /// Calls a message off.
    pub async fn cancel(&self, id: MessageId) -> MessageView {
        self.try_to_cancel(id).await.expect(200).json()
    }

    /// Calls a message off if that is possible, and takes the answer as it is.
    pub async fn try_to_cancel(&self, id: MessageId) -> Answer {
        Answer::to(self.stack.with_key("POST", &format!("/v1/messages/{id}/cancel"), &self.key)).await
    }

    /// Has a message sent again, and takes the answer as it is; without a wish it is the usual.
    pub async fn retry(&self, id: MessageId, wish: Option<Value>) -> Answer {
        let request = self.stack.with_key("POST", &format!("/v1/messages/{id}/retry"), &self.key);
        Answer::to(match wish {
            Some(wish) => request.json(&wish),
            None => request,
        })
        .await
    }

    /// Posts several messages at once; what became of each.
    pub async fn batch(&self, messages: &[impl Serialize]) -> Vec<BatchItem> {
        let request = self.stack.with_key("POST", "/v1/messages/batch", &self.key).json(messages);
        let BatchOutcome { outcomes } = Answer::to(request).await.expect(200).json();
        outcomes
    }

    /// What it may send.
    pub async fn limits(&self) -> LimitsView {
        self.get("/v1/limits").await.expect(200).json()
    }

    /// What arrived from its mailbox.
    pub async fn mails(&self) -> Vec<Mail> {
        self.stack.sandbox.mails(&self.account).await
    }
}
