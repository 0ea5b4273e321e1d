//! One message by SMTP, from this very object: to Microsoft 365 with an access token, or to a mail server of one's own.

use std::borrow::Cow;

use api::{Code, Kind, MailboxSettings, Security as Protection};
use gateway::{MailboxRecord, MessageRecord, ServerOwner, Stage, Submitted, Trouble, understand};
use mail::{Bcc, Content, EmailAddress};
use microsoft::{AccessToken, Refusal};
use relay_contract::{Auth, Envelope, Key, Order, Server};
use smtp::{Encoding, Outcome, Security};

use super::frame::{frame, own_name};
use super::hand_over::{Ended, HandOver, Tried};
use super::lane::Lane;
use crate::config::Config;
use crate::host::{Relay, Vault, now};
use crate::objects::mailbox::Inner;
use crate::objects::mailbox::authentication::refresh::{not_signed_in, own_fault};

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
        hand_over: &HandOver,
        content: &Content,
        token: &AccessToken,
        lane: &mut Lane,
    ) -> Tried {
        let envelope = hand_over.message().recipients.open(content.recipients());
        let outcome = self.to_exchange(hand_over, content, envelope.clone(), token, lane).await;
        match outcome.map(|outcome| understand(&outcome, ServerOwner::Microsoft)) {
            Ok(Submitted::TokenRefused(refusal)) => Tried::TokenRefused(refusal),
            submitted => Tried::Ended(ended(submitted, envelope)),
        }
    }

    /// Submits one message with user name and access code, or without.
    pub(super) async fn submit_to_own_server(
        &self,
        hand_over: &HandOver,
        content: &Content,
        lane: &mut Lane,
    ) -> Ended {
        let envelope = hand_over.message().recipients.open(content.recipients());
        let outcome = self.to_own_server(hand_over, content, envelope.clone(), lane).await;
        ended(outcome.map(|outcome| understand(&outcome, ServerOwner::Own)), envelope)
    }

    async fn to_exchange(
        &self,
        hand_over: &HandOver,
        content: &Content,
        envelope: Vec<EmailAddress>,
        token: &AccessToken,
        lane: &mut Lane,
    ) -> Result<Outcome, Refusal> {
        let config = self.config().map_err(own_fault)?;
        let endpoints = self.endpoints(&config)?;
        let authentication = self.store.authentication().map_err(own_fault)?.ok_or_else(not_signed_in)?;
        let auth = Auth::XOAuth2 {
            user_name: authentication.account.address,
            access_token: token.secret().to_owned(),
        };
        let (host, port) = endpoints.smtp();
        let server = Server { host: host.to_owned(), port, security: Security::StartTls, auth };
        // Never by a relay that somebody typed: a token is for Microsoft, and for the installation's own.
        let relay = config.relay_for(Kind::SmtpOAuth2).cloned();
        let letter = Letter::write(hand_over.message(), content, &config)?;
        let order = letter.order(&config, hand_over.message(), server, &envelope);
        let outcome = self.carry_out(hand_over, &order, &letter.bytes, relay.as_ref(), lane).await;
        // The operator's to mend; whoever signed in has nothing to do, and the mail waits.
        outcome.map_err(|refusal| match refusal.code {
            Code::RelayRefused => Refusal { code: Code::ServerUnavailable, ..refusal },
            _ => refusal,
        })
    }

    async fn to_own_server(
        &self,
        hand_over: &HandOver,
        content: &Content,
        envelope: Vec<EmailAddress>,
        lane: &mut Lane,
    ) -> Result<Outcome, Refusal> {
        let config = self.config().map_err(own_fault)?;
        let mailbox = self.store.mailbox().map_err(own_fault)?;
        let (server, relay) = (own_server(&config, &mailbox).await?, own_relay(&config, &mailbox).await?);
        let letter = Letter::write(hand_over.message(), content, &config)?;
        let order = letter.order(&config, hand_over.message(), server, &envelope);
        self.carry_out(hand_over, &order, &letter.bytes, relay.as_ref(), lane).await
    }

    /// Keeps why a mail server of one's own does not let the mailbox in, unless the settings were saved meanwhile.
    pub(in crate::objects::mailbox) fn note_server_trouble(
        &self,
        mailbox: &MailboxRecord,
        refusal: &Refusal,
    ) {
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
        // An address that can't stand in an envelope, or a message that the relay does not take.
        Err(refusal) if matches!(refusal.code, Code::RecipientRefused | Code::MessageTooLarge) => {
            Ended::Refused { refusal, stage: Stage::HandOver }
        }
        Ok(Submitted::TokenRefused(refusal)) | Err(refusal) => {
            Ended::Refused { refusal, stage: Stage::Token }
        }
    }
}

/// The mail server of the settings, with what opens it.
pub(in crate::objects::mailbox) async fn own_server(
    config: &Config,
    mailbox: &MailboxRecord,
) -> Result<Server, Refusal> {
    let MailboxSettings { server: host, port, security, user_name, .. } = &mailbox.settings;
    let security = match security {
        Protection::None => Security::None,
        Protection::Starttls => Security::StartTls,
        Protection::Tls => Security::ImplicitTls,
    };
    let auth = if mailbox.settings.server_authentication {
        let missing =
            || Refusal::new(Code::AccessCodeMissing, "no access code is stored for the mail server");
        let (version, sealed) = mailbox.access_code.as_ref().ok_or_else(missing)?;
        let as_record = mailbox.sealed_as("access_code", version);
        let access_code = Vault(&config.ring).open_text(&as_record, sealed).await.map_err(own_fault)?;
        Auth::Password { user_name: user_name.trim().to_owned(), access_code }
    } else {
        Auth::None
    };
    Ok(Server { host: host.trim().to_owned(), port: *port, security, auth })
}

/// The relay that the mailbox names, else the installation's, which no typed address ever gets the key of.
pub(in crate::objects::mailbox) async fn own_relay(
    config: &Config,
    mailbox: &MailboxRecord,
) -> Result<Option<Relay>, Refusal> {
    let MailboxSettings { relay_url, relay_id, .. } = &mailbox.settings;
    if relay_url.trim().is_empty() {
        return Ok(config.relay_for(Kind::SmtpBasic).cloned());
    }
    let missing = || Refusal::new(Code::RelayRefused, "no key is stored for the relay of this mailbox");
    let (version, sealed) = mailbox.relay_key.as_ref().ok_or_else(missing)?;
    let as_record = mailbox.sealed_as("relay_key", version);
    let key = Vault(&config.ring).open_text(&as_record, sealed).await.map_err(own_fault)?;
    let key = Key::read(&key).map_err(|error| Refusal::new(Code::RelayRefused, error.to_string()))?;
    let url = relay_url.trim().trim_end_matches('/').to_owned();
    Ok(Some(Relay { url, id: relay_id.trim().to_owned(), key }))
}

/// A message as its server gets it.
struct Letter<'c> {
    mail_from: &'c EmailAddress,
    bytes: Cow<'c, [u8]>,
    encoding: Encoding,
}

impl<'c> Letter<'c> {
    fn write(record: &MessageRecord, content: &'c Content, config: &Config) -> Result<Self, Refusal> {
        let mail_from = content.from();
        let (bytes, encoding) = match content {
            Content::Fields(message) => {
                let utf8 = message.needs_smtputf8();
                let mime = message.to_mime(&frame(record, mail_from, config, Bcc::Dropped)?);
                (Cow::Owned(mime), if utf8 { Encoding::Utf8Headers } else { Encoding::SevenBit })
            }
            Content::Raw(raw) if raw.needs_smtputf8() => (raw.for_smtp(), Encoding::Utf8Headers),
            Content::Raw(raw) if raw.needs_8bitmime() => (raw.for_smtp(), Encoding::EightBit),
            Content::Raw(raw) => (raw.for_smtp(), Encoding::SevenBit),
        };
        Ok(Self { mail_from, bytes, encoding })
    }

    fn order(
        &self,
        config: &Config,
        record: &MessageRecord,
        server: Server,
        envelope: &[EmailAddress],
    ) -> Order {
        Order {
            id: format!("{}/{}", record.id, record.attempts),
            server,
            ehlo_name: own_name(config).to_owned(),
            message: Some(Envelope {
                mail_from: self.mail_from.to_string(),
                rcpt_to: envelope.iter().map(ToString::to_string).collect(),
                size: u64::try_from(self.bytes.len()).unwrap_or(u64::MAX),
                encoding: self.encoding,
            }),
        }
    }
}
