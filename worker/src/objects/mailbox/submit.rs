//! One message by SMTP, from this very object: Microsoft 365 with an access token.

use std::borrow::Cow;

use api::Code;
use gateway::{Stage, Submitted, understand};
use mail::{Bcc, Content, EmailAddress};
use microsoft::{AccessToken, Refusal};
use smtp::{Auth, Credentials, EhloName, Encoding, Plan, Security, Session};

use super::Inner;
use super::frame::{frame, own_name};
use super::hand_over::{Ended, Tried};
use super::records::MessageRecord;
use super::refresh::{not_signed_in, own_fault};
use crate::host::submit;

impl Inner {
    /// Submits one message; whoever signed in signs in, and the message's own sender is the envelope's.
    pub(super) async fn submit(
        &self,
        record: &MessageRecord,
        content: &Content,
        token: &AccessToken,
    ) -> Tried {
        let refused = |refusal, stage| Tried::Ended(Ended::Refused { refusal, stage });
        let envelope = record.recipients.open(content.recipients());
        let submitted = self.converse(record, content, envelope.clone(), token).await;
        match submitted {
            Err(refusal) => refused(refusal, Stage::Token),
            Ok(Submitted::TokenRefused(refusal)) => Tried::TokenRefused(refusal),
            Ok(Submitted::Refused(refusal, stage)) => refused(refusal, stage),
            Ok(Submitted::HandedOver(upstream)) => {
                Tried::Ended(Ended::HandedOver { upstream, pause_ms: None })
            }
            Ok(Submitted::Divided { upstream, said, later }) => {
                Tried::Ended(Ended::Divided { upstream, envelope, said, later })
            }
        }
    }

    async fn converse(
        &self,
        record: &MessageRecord,
        content: &Content,
        recipients: Vec<EmailAddress>,
        token: &AccessToken,
    ) -> Result<Submitted, Refusal> {
        let wrong = |what: &str| Refusal::new(Code::Internal, format!("SMTP: {what}"));
        let config = self.config().map_err(own_fault)?;
        let endpoints = self.endpoints(&config)?;
        let authentication = self.store.authentication().map_err(own_fault)?.ok_or_else(not_signed_in)?;
        let own_name = own_name(&config);

        let sender = content.from();
        let (bytes, encoding) = match content {
            Content::Fields(message) => {
                let utf8 = message.needs_smtputf8();
                let mime = message.to_mime(&frame(record, sender, &config, Bcc::Dropped)?);
                (Cow::Owned(mime), if utf8 { Encoding::Utf8Headers } else { Encoding::SevenBit })
            }
            Content::Raw(raw) if raw.needs_smtputf8() => (raw.for_smtp(), Encoding::Utf8Headers),
            Content::Raw(raw) if raw.needs_8bitmime() => (raw.for_smtp(), Encoding::EightBit),
            Content::Raw(raw) => (raw.for_smtp(), Encoding::SevenBit),
        };
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
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
        let outcome = submit(host, port, &mut session, &bytes).await;
        Ok(understand(&outcome.ok_or_else(|| wrong("the conversation had no outcome"))?))
    }
}
