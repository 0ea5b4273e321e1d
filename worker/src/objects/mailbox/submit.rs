//! One message by SMTP, from this very object: Microsoft 365 with an access token.

use api::{Code, Failure};
use gateway::{Stage, Submitted, sha256, understand};
use mail::{Bcc, EmailAddress, Message, MimeFrame};
use microsoft::{AccessToken, Refusal};
use smtp::{Auth, Credentials, EhloName, Encoding, Plan, Security, Session};

use super::Inner;
use super::hand_over::{Ended, Tried};
use super::records::MessageRecord;
use super::refresh::{not_signed_in, own_fault};
use crate::host::submit;

impl Inner {
    /// Submits one message; whoever signed in signs in, and the message's own sender is the envelope's.
    pub(super) async fn submit(
        &self,
        record: &MessageRecord,
        message: &Message,
        token: &AccessToken,
    ) -> Tried {
        let refused = |refusal, stage| Tried::Ended(Ended::Refused { refusal, stage });
        let recipients: Vec<EmailAddress> =
            message.recipients().map(|recipient| recipient.address().clone()).collect();
        let submitted = self.converse(record, message, recipients.clone(), token).await;
        match submitted {
            Err(refusal) => refused(refusal, Stage::Token),
            Ok(Submitted::TokenRefused(refusal)) => Tried::TokenRefused(refusal),
            Ok(Submitted::Refused(refusal, stage)) => refused(refusal, stage),
            Ok(Submitted::HandedOver { upstream, refused }) => {
                let failure = not_taken(&recipients, &refused);
                Tried::Ended(Ended::HandedOver { upstream, pause_ms: None, failure })
            }
        }
    }

    async fn converse(
        &self,
        record: &MessageRecord,
        message: &Message,
        recipients: Vec<EmailAddress>,
        token: &AccessToken,
    ) -> Result<Submitted, Refusal> {
        let wrong = |what: &str| Refusal::new(Code::Internal, format!("SMTP: {what}"));
        let config = self.config().map_err(own_fault)?;
        let endpoints = self.endpoints(&config)?;
        let authentication = self.store.authentication().map_err(own_fault)?.ok_or_else(not_signed_in)?;
        let own_name = config.public_origin.rsplit_once("://").map_or("", |(_, host)| host);
        let own_name = own_name.split(':').next().unwrap_or_default();

        let sender = message.from.address();
        let mime = message.to_mime(&frame(record, sender, own_name).ok_or_else(|| wrong("no message id"))?);
        let encoding = if message.needs_smtputf8() { Encoding::Utf8Headers } else { Encoding::SevenBit };
        let size = u64::try_from(mime.len()).unwrap_or(u64::MAX);
        let envelope = smtp::Message::new(sender.clone(), recipients, size, encoding)
            .map_err(|error| Refusal::new(Code::RecipientRefused, error.to_string()))?;
        let credentials = Credentials::new(authentication.account.address, token.secret())
            .map_err(|error| wrong(&error.to_string()))?;
        let mut session = Session::new(Plan {
            ehlo_name: EhloName::new(own_name).map_err(|error| wrong(&error.to_string()))?,
            security: Security::StartTls,
            auth: Auth::XOAuth2(credentials),
            message: Some(envelope),
        });
        let (host, port) = endpoints.smtp();
        let outcome = submit(host, port, &mut session, &mime).await;
        Ok(understand(&outcome.ok_or_else(|| wrong("the conversation had no outcome"))?))
    }
}

/// The same for every try of one message, so that a second one is known as the same mail.
fn frame(record: &MessageRecord, sender: &EmailAddress, own_name: &str) -> Option<MimeFrame> {
    let id = record.id.to_string();
    let domain =
        sender.as_str().rsplit_once('@').map(|(_, domain)| domain).filter(|domain| domain.is_ascii());
    let message_id = format!("{id}@{}", domain.unwrap_or(own_name));
    // The id holds 80 random bits that nobody who wrote the body knew.
    let [boundary @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = sha256(id.as_bytes());
    Some(MimeFrame {
        message_id: message_id.parse().ok()?,
        date: record.accepted_at,
        boundary,
        bcc: Bcc::Dropped,
    })
}

/// Says who does not get a message that was taken for others.
fn not_taken(recipients: &[EmailAddress], refused: &[(usize, String)]) -> Option<Failure> {
    let lines: Vec<String> = refused
        .iter()
        .filter_map(|(place, reply)| Some(format!("{}: {reply}", recipients.get(*place)?)))
        .collect();
    (!lines.is_empty()).then(|| Refusal::new(Code::RecipientRefused, lines.join("; ")).failure())
}
