use std::rc::Rc;

use api::{Code, SendMessage, Upstream};
use gateway::Stage;
use mail::Message;
use microsoft::{Http as _, Refusal, Resource, SendMail, Sent, read_send_mail, send_mail};

use super::Inner;
use super::records::MessageRecord;
use super::refresh::own_fault;
use crate::host::{Fetch, Vault};

/// How an attempt ended.
pub(super) enum Ended {
    HandedOver { upstream: Upstream, pause_ms: Option<i64> },
    Refused { refusal: Refusal, stage: Stage },
}

impl Inner {
    /// Hands one message to Graph, with a second try when only the access token was refused.
    pub(super) async fn hand_over(self: &Rc<Self>, record: &MessageRecord) -> Ended {
        let message = match self.body_of(record).await {
            Ok(message) => message,
            Err(refusal) => return Ended::Refused { refusal, stage: Stage::Token },
        };
        let mut refused_token = None;
        loop {
            let (number, token) = match self.access_token(Resource::Graph, refused_token).await {
                Ok(usable) => usable,
                Err(refusal) => return Ended::Refused { refusal, stage: Stage::Token },
            };
            match self.post(record, &message, &token).await {
                Ok(Sent::HandedOver { upstream, pause_ms }) => {
                    return Ended::HandedOver { upstream, pause_ms };
                }
                Ok(Sent::TokenRefused(_)) if refused_token.is_none() => refused_token = Some(number),
                Ok(Sent::TokenRefused(refusal) | Sent::Refused(refusal)) | Err(refusal) => {
                    return Ended::Refused { refusal, stage: Stage::HandOver };
                }
            }
        }
    }

    async fn post(
        &self,
        record: &MessageRecord,
        message: &Message,
        token: &microsoft::AccessToken,
    ) -> Result<Sent, Refusal> {
        let config = self.config().map_err(own_fault)?;
        let cloud = self.store.authentication().map_err(own_fault)?.map(|it| it.cloud).unwrap_or_default();
        let endpoints = config.registration.endpoints.of(cloud);
        let request = send_mail(&endpoints, token, &record.id.to_string(), &SendMail::new(message))?;
        // The request may have arrived, whatever happened to its answer.
        let lost = |error| Refusal::new(Code::OutcomeUnknown, format!("Microsoft Graph: {error}"));
        Fetch::HAND_OVER.send(request).await.map_err(lost).map(|answer| read_send_mail(&answer))
    }

    async fn body_of(&self, record: &MessageRecord) -> Result<Message, Refusal> {
        let config = self.config().map_err(own_fault)?;
        let mailbox = self.store.mailbox().map_err(own_fault)?;
        let unreadable = || Refusal::new(Code::Internal, "the stored message can't be read");
        let mut json = Vec::new();
        for (n, sealed) in self.store.chunks(record.id).map_err(own_fault)?.iter().enumerate() {
            let as_record = mailbox.sealed_as("message_body", format!("{}/{n}", record.id));
            json.extend(Vault(&config.ring).open(&as_record, sealed).await.map_err(own_fault)?);
        }
        let wire: SendMessage = serde_json::from_slice(&json).map_err(|_| unreadable())?;
        Message::read(wire).map_err(|_| unreadable())
    }
}
