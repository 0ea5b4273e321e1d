use std::cell::Cell;
use std::rc::Rc;

use api::{Code, Route, Timestamp, Upstream};
use gateway::{MessageRecord, Said, Stage, accept};
use mail::{Bcc, Content, EmailAddress};
use microsoft::{
    AccessToken, Endpoints, Http as _, HttpRequest, Refusal, Resource, SendMail, Sent, read_send_mail,
    send_mail, send_mime,
};

use super::frame::frame;
use super::lane::Lane;
use crate::config::Config;
use crate::host::{Fetch, Vault};
use crate::objects::mailbox::Inner;
use crate::objects::mailbox::authentication::refresh::own_fault;
use crate::objects::sql::storage_failed;

/// How an attempt ended.
pub(super) enum Ended {
    HandedOver {
        upstream: Upstream,
        pause_ms: Option<i64>,
    },
    /// Not the same for every recipient of the envelope.
    Divided {
        upstream: Option<Upstream>,
        envelope: Vec<EmailAddress>,
        said: Vec<Said>,
        /// Why some come later.
        later: Option<Refusal>,
    },
    Refused {
        refusal: Refusal,
        stage: Stage,
    },
}

/// How one try with one access token ended.
pub(super) enum Tried {
    Ended(Ended),
    /// A fresh token may do.
    TokenRefused(Refusal),
}

/// One attempt to hand a message over.
pub(super) struct HandOver {
    at: Timestamp,
    route: Cell<Option<Route>>,
    message: MessageRecord,
}

impl HandOver {
    /// The message is marked as being sent.
    pub(in crate::objects::mailbox) fn new(message: MessageRecord, at: Timestamp) -> Self {
        Self { at, route: Cell::default(), message }
    }

    pub(in crate::objects::mailbox) fn message(&self) -> &MessageRecord {
        &self.message
    }

    /// When it began.
    pub(in crate::objects::mailbox) fn at(&self) -> Timestamp {
        self.at
    }

    /// Which way it goes.
    pub(super) fn goes_by(&self, route: Route) {
        self.route.set(Some(route));
    }

    /// When it began, which way it went, and the message.
    pub(super) fn into_parts(self) -> (Timestamp, Option<Route>, MessageRecord) {
        (self.at, self.route.get(), self.message)
    }
}

impl Inner {
    /// Hands one message over by the mailbox's kind, with a second try when only the access token was refused.
    pub(super) async fn hand_over(self: &Rc<Self>, hand_over: &HandOver, lane: &mut Lane) -> Ended {
        let record = hand_over.message();
        let content = match self.content_of(record).await {
            Ok(content) => content,
            Err(refusal) => return Ended::Refused { refusal, stage: Stage::Token },
        };
        let settings = match self.store.mailbox().map_err(own_fault) {
            Ok(mailbox) => mailbox.settings,
            Err(refusal) => return Ended::Refused { refusal, stage: Stage::Token },
        };
        // The kind may have changed while the message waited; what the new route would change or drop is not sent by it.
        if let Err(problem) = accept(&settings, &content) {
            let stage = if problem.code == Code::KindNotAvailable { Stage::Token } else { Stage::HandOver };
            return Ended::Refused { refusal: Refusal::new(problem.code, problem.detail), stage };
        }
        if !record.recipients.can_go_on_by(settings.kind) {
            let detail =
                "some recipients have it already, and Microsoft Graph can't send to the others alone";
            return Ended::Refused {
                refusal: Refusal::new(Code::FieldsRefused, detail),
                stage: Stage::HandOver,
            };
        }
        let Some(resource) = Resource::of(settings.kind) else {
            return self.submit_to_own_server(hand_over, &content, lane).await;
        };
        let mut refused_token = None;
        loop {
            let (number, token) = match self.access_token(resource, refused_token).await {
                Ok(usable) => usable,
                Err(refusal) => return Ended::Refused { refusal, stage: Stage::Token },
            };
            let tried = match resource {
                Resource::Graph => self.post(hand_over, &content, &token).await,
                Resource::Exchange => self.submit(hand_over, &content, &token, lane).await,
            };
            match tried {
                Tried::Ended(ended) => return ended,
                Tried::TokenRefused(_) if refused_token.is_none() => refused_token = Some(number),
                Tried::TokenRefused(refusal) => return Ended::Refused { refusal, stage: Stage::HandOver },
            }
        }
    }

    /// Commits that from now on nobody can know whether the other side has the message. Nothing of it leaves before.
    pub(super) async fn commit_leaving(&self, hand_over: &HandOver) -> Result<(), Refusal> {
        if !self.owns(hand_over) {
            return Err(Refusal::new(Code::Busy, "the attempt took so long that it counts as cut off"));
        }
        let record = hand_over.message.leaving(hand_over.route.get());
        self.store.set_sending(&record).map_err(own_fault)?;
        self.sync().await
    }

    /// Waits until everything that was written is durable.
    pub(super) async fn sync(&self) -> Result<(), Refusal> {
        let refused = |error| own_fault(storage_failed(&error));
        self.state.storage().sync().await.map_err(refused)
    }

    async fn post(&self, hand_over: &HandOver, content: &Content, token: &AccessToken) -> Tried {
        let refused = |refusal, stage| Tried::Ended(Ended::Refused { refusal, stage });
        hand_over.goes_by(Route::Graph);
        let request = match self.graph_request(hand_over.message(), content, token) {
            Ok(request) => request,
            Err(refusal) => return refused(refusal, Stage::HandOver),
        };
        if let Err(refusal) = self.commit_leaving(hand_over).await {
            return refused(refusal, Stage::Token);
        }
        // The request may have arrived, whatever happened to its answer.
        let lost = |error| Refusal::new(Code::OutcomeUnknown, format!("Microsoft Graph: {error}"));
        match Fetch::HAND_OVER.send(request).await.map(|answer| read_send_mail(&answer)) {
            Ok(Sent::HandedOver { upstream, pause_ms }) => {
                Tried::Ended(Ended::HandedOver { upstream, pause_ms })
            }
            Ok(Sent::TokenRefused(refusal)) => Tried::TokenRefused(refusal),
            Ok(Sent::Refused(refusal)) => refused(refusal, Stage::HandOver),
            Err(error) => refused(lost(error), Stage::HandOver),
        }
    }

    fn graph_request(
        &self,
        record: &MessageRecord,
        content: &Content,
        token: &AccessToken,
    ) -> Result<HttpRequest, Refusal> {
        let config = self.config().map_err(own_fault)?;
        let endpoints = self.endpoints(&config)?;
        let id = record.id.to_string();
        match content {
            // JSON has no place for a calendar part.
            Content::Fields(message) if message.has_invitation() => {
                let mime = message.to_mime(&frame(record, content.from(), &config, Bcc::Kept)?);
                send_mime(&endpoints, token, &id, &mime)
            }
            Content::Fields(message) => {
                let message_id = frame(record, content.from(), &config, Bcc::Kept)?.message_id;
                send_mail(&endpoints, token, &id, &SendMail::new(message, &message_id))
            }
            Content::Raw(raw) => send_mime(&endpoints, token, &id, raw.as_bytes()),
        }
    }

    /// The cloud that the tokens belong to.
    pub(in crate::objects::mailbox) fn endpoints(&self, config: &Config) -> Result<Endpoints, Refusal> {
        let cloud = self.store.authentication().map_err(own_fault)?.map(|it| it.cloud).unwrap_or_default();
        Ok(config.registration.endpoints.of(cloud))
    }

    /// What an accepted message says.
    pub(super) async fn content_of(&self, record: &MessageRecord) -> Result<Content, Refusal> {
        let config = self.config().map_err(own_fault)?;
        let mailbox = self.store.mailbox().map_err(own_fault)?;
        let unreadable = || Refusal::new(Code::Internal, "the stored message can't be read");
        let mut body = Vec::new();
        for (n, sealed) in self.store.chunks(&record.content_key()).map_err(own_fault)?.iter().enumerate() {
            let as_record = mailbox.sealed_as("message_body", format!("{}/{n}", record.id));
            body.extend(Vault(&config.ring).open(&as_record, sealed).await.map_err(own_fault)?);
        }
        let content = record.form.read_again(body).ok_or_else(unreadable)?;
        if let (Some(ordered), Content::Fields(message)) = (&config.sandbox_panic, &content) {
            assert!(message.subject != *ordered, "a message brings the program down, as ordered");
        }
        Ok(content)
    }
}
