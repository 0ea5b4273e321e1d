//! One message by SMTP, from this very object: to Microsoft 365 with an access token, or to a mail server of one's own.

use std::borrow::Cow;

use api::{Code, MailboxSettings, Security as Protection};
use gateway::{ServerOwner, Stage, Submitted, Trouble, understand};
use mail::{Bcc, Content, EmailAddress};
use microsoft::{AccessToken, Refusal};
use smtp::{Auth, Credentials, EhloName, Encoding, Message, Outcome, Plan, Security, Session};

use super::Inner;
use super::frame::{frame, own_name};
use super::hand_over::{Ended, Tried};
use super::records::{MailboxRecord, MessageRecord};
use super::refresh::{not_signed_in, own_fault};
use crate::config::Config;
use crate::host::{Vault, now, random, submit};

/// Where a message goes, and who says to be sending it.
struct Server<'s> {
    host: &'s str,
    port: u16,
    security: Security,
    auth: Auth,
}

/// What there is to say before anything of a mail server of one's own is tried.
pub(super) fn server_stands_in_the_way(mailbox: &MailboxRecord) -> Option<Refusal> {
    if mailbox.lacks_access_code() {
        return Some(Refusal::new(Code::AccessCodeMissing, "no access code is stored for the mail server"));
    }
    let trouble = mailbox.server_trouble.as_ref()?;
    Some(Refusal::new(trouble.code, trouble.detail.clone()))
}

impl Inner {
    /// Submits one message; whoever signed in signs in, and the message's own sender is the envelope's.
    pub(super) async fn submit(
        &self,
        record: &MessageRecord,
        content: &Content,
        token: &AccessToken,
    ) -> Tried {
        let envelope = record.recipients.open(content.recipients());
        let outcome = self.to_exchange(record, content, envelope.clone(), token).await;
        match outcome.map(|outcome| understand(&outcome, ServerOwner::Microsoft)) {
            Ok(Submitted::TokenRefused(refusal)) => Tried::TokenRefused(refusal),
            submitted => Tried::Ended(ended(submitted, envelope)),
        }
    }

    /// Submits one message with user name and access code, or without.
    pub(super) async fn submit_to_own_server(&self, record: &MessageRecord, content: &Content) -> Ended {
        let envelope = record.recipients.open(content.recipients());
        let outcome = self.to_own_server(record, content, envelope.clone()).await;
        ended(outcome.map(|outcome| understand(&outcome, ServerOwner::Own)), envelope)
    }

    async fn to_exchange(
        &self,
        record: &MessageRecord,
        content: &Content,
        envelope: Vec<EmailAddress>,
        token: &AccessToken,
    ) -> Result<Outcome, Refusal> {
        let config = self.config().map_err(own_fault)?;
        let endpoints = self.endpoints(&config)?;
        let authentication = self.store.authentication().map_err(own_fault)?.ok_or_else(not_signed_in)?;
        let credentials = Credentials::new(authentication.account.address, token.secret())
            .map_err(|error| Refusal::new(Code::Internal, format!("SMTP: {error}")))?;
        let (host, port) = endpoints.smtp();
        let server = Server { host, port, security: Security::StartTls, auth: Auth::XOAuth2(credentials) };
        converse(&config, server, record, content, envelope).await
    }

    async fn to_own_server(
        &self,
        record: &MessageRecord,
        content: &Content,
        envelope: Vec<EmailAddress>,
    ) -> Result<Outcome, Refusal> {
        let config = self.config().map_err(own_fault)?;
        let mailbox = self.store.mailbox().map_err(own_fault)?;
        let auth = self.own_auth(&config, &mailbox).await?;
        let MailboxSettings { server: host, port, security, .. } = &mailbox.settings;
        let security = match security {
            Protection::None => Security::None,
            Protection::Starttls => Security::StartTls,
            Protection::Tls => Security::ImplicitTls,
        };
        converse(
            &config,
            Server { host: host.trim(), port: *port, security, auth },
            record,
            content,
            envelope,
        )
        .await
    }

    async fn own_auth(&self, config: &Config, mailbox: &MailboxRecord) -> Result<Auth, Refusal> {
        if !mailbox.settings.server_authentication {
            return Ok(Auth::None);
        }
        let missing =
            || Refusal::new(Code::AccessCodeMissing, "no access code is stored for the mail server");
        let (version, sealed) = mailbox.access_code.as_ref().ok_or_else(missing)?;
        let as_record = mailbox.sealed_as("access_code", version);
        let code = Vault(&config.ring).open_text(&as_record, sealed).await.map_err(own_fault)?;
        let credentials = Credentials::new(mailbox.settings.user_name.trim(), code)
            .map_err(|error| Refusal::new(Code::AccessCodeRefused, error.to_string()))?;
        // Whoever chooses *no security* reads there that everybody on the way can read the code.
        let even_in_clear = mailbox.settings.security == Protection::None;
        let nonce = random().map_err(own_fault)?;
        Ok(Auth::Password { credentials, even_in_clear, nonce })
    }

    /// Keeps why a mail server of one's own does not let the mailbox in, unless the settings were saved meanwhile.
    pub(super) fn note_server_trouble(&self, mailbox: &MailboxRecord, refusal: &Refusal) {
        let Ok(mut current) = self.store.mailbox() else { return };
        if current.version != mailbox.version || refusal.code.retryable() {
            return;
        }
        current.server_trouble = Some(Trouble::after(refusal, current.server_trouble.as_ref(), now()));
        // If this can't be written, the next message is refused the same way and tries again.
        let _ = self.store.set_mailbox(&current);
    }
}

fn ended(submitted: Result<Submitted, Refusal>, envelope: Vec<EmailAddress>) -> Ended {
    match submitted {
        Ok(Submitted::HandedOver(upstream)) => Ended::HandedOver { upstream, pause_ms: None },
        Ok(Submitted::Divided { upstream, said, later }) => {
            Ended::Divided { upstream, envelope, said, later }
        }
        Ok(Submitted::Refused(refusal, stage)) => Ended::Refused { refusal, stage },
        // An address that can't stand in an envelope.
        Err(refusal) if refusal.code == Code::RecipientRefused => {
            Ended::Refused { refusal, stage: Stage::HandOver }
        }
        Ok(Submitted::TokenRefused(refusal)) | Err(refusal) => {
            Ended::Refused { refusal, stage: Stage::Token }
        }
    }
}

async fn converse(
    config: &Config,
    server: Server<'_>,
    record: &MessageRecord,
    content: &Content,
    envelope: Vec<EmailAddress>,
) -> Result<Outcome, Refusal> {
    let wrong = |what: &str| Refusal::new(Code::Internal, format!("SMTP: {what}"));
    let sender = content.from();
    let (bytes, encoding) = match content {
        Content::Fields(message) => {
            let utf8 = message.needs_smtputf8();
            let mime = message.to_mime(&frame(record, sender, config, Bcc::Dropped)?);
            (Cow::Owned(mime), if utf8 { Encoding::Utf8Headers } else { Encoding::SevenBit })
        }
        Content::Raw(raw) if raw.needs_smtputf8() => (raw.for_smtp(), Encoding::Utf8Headers),
        Content::Raw(raw) if raw.needs_8bitmime() => (raw.for_smtp(), Encoding::EightBit),
        Content::Raw(raw) => (raw.for_smtp(), Encoding::SevenBit),
    };
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let message = Message::new(sender.clone(), envelope, size, encoding)
        .map_err(|error| Refusal::new(Code::RecipientRefused, error.to_string()))?;
    let Server { host, port, security, auth } = server;
    let mut session = Session::new(Plan {
        ehlo_name: EhloName::new(own_name(config)).map_err(|error| wrong(&error.to_string()))?,
        security,
        auth,
        message: Some(message),
    });
    let outcome = submit(host, port, security, &mut session, &bytes, |_| {}).await;
    outcome.ok_or_else(|| wrong("the conversation had no outcome"))
}
