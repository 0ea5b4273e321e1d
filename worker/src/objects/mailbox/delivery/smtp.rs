//! One message by SMTP, from this very object: to Microsoft 365 with an access token, or to a mail server of one's own.

use api::{Code, Kind, Problem, Security as Protection};
use gateway::mailbox::{MailboxRecord, Tried};
use gateway::outbox::{DeliveryResult, Message, Stage};
use gateway::settings::Transport;
use gateway::submission::{ServerOwner, Submitted, understand};
use mail::{Bcc, Content, EmailAddress};
use microsoft::{AccessToken, Refusal};
use relay_contract::{Auth, Envelope, Key, Order, Server};
use smtp::{Encoding, Outcome, Security};

use super::Attempt;
use super::connection_reuse::ConnectionReuse;
use super::mime_frame::{frame, own_name};
use super::smtp_transport::carry_out;
use crate::config::Config;
use crate::host::{Relay, Vault};

/// Submits the message to Microsoft 365: the account signs in, and the message's own sender is the envelope's.
pub(super) async fn to_exchange(
    attempt: &Attempt<'_>,
    config: &Config,
    content: Content,
    token: &AccessToken,
    reuse: &mut ConnectionReuse,
) -> Tried {
    let envelope = attempt.delivery.message.recipients().open(content.recipients());
    let outcome = submit_to_exchange(attempt, config, content, &envelope, token, reuse).await;
    match outcome.map(|outcome| understand(&outcome, ServerOwner::Microsoft)) {
        Ok(Submitted::TokenRefused(refusal)) => {
            Tried::TokenRefused { refusal, token: attempt.delivery.token }
        }
        submitted => Tried::Ended(result(submitted, envelope)),
    }
}

/// Submits the message to a mail server of one's own, with user name and password or without.
pub(super) async fn to_own_server(
    attempt: &Attempt<'_>,
    config: &Config,
    content: Content,
    reuse: &mut ConnectionReuse,
) -> Tried {
    let envelope = attempt.delivery.message.recipients().open(content.recipients());
    let outcome = submit_to_own_server(attempt, config, content, &envelope, reuse).await;
    Tried::Ended(result(outcome.map(|outcome| understand(&outcome, ServerOwner::Own)), envelope))
}

async fn submit_to_exchange(
    attempt: &Attempt<'_>,
    config: &Config,
    content: Content,
    envelope: &[EmailAddress],
    token: &AccessToken,
    reuse: &mut ConnectionReuse,
) -> Result<Outcome, Refusal> {
    let missing = || Problem::new(Code::NotAuthenticated, "this mailbox is not signed in");
    let authentication = attempt.delivery.authentication.as_ref().ok_or_else(missing)?;
    let endpoints = config.registration.endpoints.of(authentication.cloud);
    let auth = Auth::XOAuth2 {
        user_name: authentication.account.address.clone(),
        access_token: token.secret().to_owned(),
    };
    let (host, port) = endpoints.smtp();
    let server = Server { host: host.to_owned(), port, security: Security::StartTls, auth };
    // Never by a relay that somebody typed: a token is for Microsoft, and for the installation's own.
    let relay = config.relay_for(Kind::SmtpOAuth2).cloned();
    let letter = Letter::write(&attempt.delivery.message, content, config)?;
    attempt.needs_only(letter.bytes.len() * if relay.is_some() { 2 } else { 1 });
    let order = letter.order(config, &attempt.delivery.message, server, envelope);
    let outcome = carry_out(attempt, &order, &letter.bytes, relay.as_ref(), reuse).await;
    // The operator's to mend; the person who signed in has nothing to do, and the mail waits.
    outcome.map_err(|refusal| match refusal.code {
        Code::RelayRefused => Refusal { code: Code::ServerUnavailable, ..refusal },
        _ => refusal,
    })
}

async fn submit_to_own_server(
    attempt: &Attempt<'_>,
    config: &Config,
    content: Content,
    envelope: &[EmailAddress],
    reuse: &mut ConnectionReuse,
) -> Result<Outcome, Refusal> {
    let mailbox = &attempt.delivery.mailbox;
    let (server, relay) = (own_server(config, mailbox).await?, own_relay(config, mailbox).await?);
    let letter = Letter::write(&attempt.delivery.message, content, config)?;
    attempt.needs_only(letter.bytes.len() * if relay.is_some() { 2 } else { 1 });
    let order = letter.order(config, &attempt.delivery.message, server, envelope);
    carry_out(attempt, &order, &letter.bytes, relay.as_ref(), reuse).await
}

fn result(submitted: Result<Submitted, Refusal>, envelope: Vec<EmailAddress>) -> DeliveryResult {
    match submitted {
        Ok(Submitted::HandedOver(upstream)) => DeliveryResult::HandedOver { upstream, pause_ms: None },
        Ok(Submitted::Divided { upstream, said, later }) => {
            DeliveryResult::Divided { upstream, envelope, said, later }
        }
        Ok(Submitted::Refused(refusal, stage)) => DeliveryResult::Refused { refusal, stage },
        // An address that can't stand in an envelope, or a message that the relay does not take.
        Err(refusal) if matches!(refusal.code, Code::RecipientRefused | Code::MessageTooLarge) => {
            DeliveryResult::Refused { refusal, stage: Stage::HandOver }
        }
        Ok(Submitted::TokenRefused(refusal)) | Err(refusal) => {
            DeliveryResult::Refused { refusal, stage: Stage::Token }
        }
    }
}

/// The mail server of the settings, with the password that opens it.
pub(in crate::objects::mailbox) async fn own_server(
    config: &Config,
    mailbox: &MailboxRecord,
) -> Result<Server, Refusal> {
    let Transport::Server { server, .. } = Transport::of(&mailbox.settings) else {
        return Err(Refusal::new(Code::Internal, "the kind has no mail server of its own"));
    };
    let security = match server.security {
        Protection::None => Security::None,
        Protection::Starttls => Security::StartTls,
        Protection::Tls => Security::ImplicitTls,
    };
    let auth = match server.user_name {
        None => Auth::None,
        Some(user_name) => {
            let missing =
                || Refusal::new(Code::AccessCodeMissing, "no password is stored for the mail server");
            let (version, sealed) = mailbox.access_code.as_ref().ok_or_else(missing)?;
            let as_record = mailbox.sealed_as("access_code", version);
            let access_code = Vault(&config.ring).open_text(&as_record, sealed).await?;
            Auth::Password { user_name: user_name.to_owned(), access_code }
        }
    };
    Ok(Server { host: server.host.to_owned(), port: server.port, security, auth })
}

/// The relay that the mailbox names, else the installation's, which no typed address ever gets the key of.
pub(in crate::objects::mailbox) async fn own_relay(
    config: &Config,
    mailbox: &MailboxRecord,
) -> Result<Option<Relay>, Refusal> {
    let Transport::Server { relay: Some(relay), .. } = Transport::of(&mailbox.settings) else {
        return Ok(config.relay_for(Kind::SmtpBasic).cloned());
    };
    let missing = || Refusal::new(Code::RelayRefused, "no key is stored for the relay of this mailbox");
    let (version, sealed) = mailbox.relay_key.as_ref().ok_or_else(missing)?;
    let as_record = mailbox.sealed_as("relay_key", version);
    let key = Vault(&config.ring).open_text(&as_record, sealed).await?;
    let key = Key::read(&key).map_err(|error| Refusal::new(Code::RelayRefused, error.to_string()))?;
    Ok(Some(Relay { url: relay.url.to_owned(), id: relay.id.to_owned(), key }))
}

/// A message as its server gets it.
struct Letter {
    mail_from: EmailAddress,
    bytes: Vec<u8>,
    encoding: Encoding,
}

impl Letter {
    /// Takes the content, of which nothing is left beside the letter.
    fn write(record: &Message, content: Content, config: &Config) -> Result<Self, Problem> {
        let mail_from = content.from().clone();
        let (bytes, encoding) = match content {
            Content::Fields(message) => {
                let utf8 = message.needs_smtputf8();
                let mime = message.to_mime(&frame(record, &mail_from, config, Bcc::Dropped)?);
                (mime, if utf8 { Encoding::Utf8Headers } else { Encoding::SevenBit })
            }
            Content::Raw(raw) => {
                let encoding = if raw.needs_smtputf8() {
                    Encoding::Utf8Headers
                } else if raw.needs_8bitmime() {
                    Encoding::EightBit
                } else {
                    Encoding::SevenBit
                };
                (raw.into_smtp(), encoding)
            }
        };
        Ok(Self { mail_from, bytes, encoding })
    }

    fn order(&self, config: &Config, record: &Message, server: Server, envelope: &[EmailAddress]) -> Order {
        Order {
            id: format!("{}/{}", record.id(), record.attempts()),
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
