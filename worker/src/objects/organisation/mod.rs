//! The Durable Object `Organisation`: who may do what. Its profile, tenant and app registration, its list of mailboxes, the
//! hashes of API keys, links and sessions. Revoking takes effect with the next call.

mod approval;
mod keys;
mod links;
mod mailboxes;
mod profile;
mod registration;
mod sessions;

use worker::{DurableObject, Env, Request, Response, State, durable_object};

use super::call::{Call, internal, read, reply};
use super::sql::Sql;

pub(crate) use approval::{NoteAsked, SetSending};
pub(crate) use keys::{AddKey, KeyMailboxes, KeyUse, UseKey, not_allowed};
pub(crate) use links::{AddLink, OpenLink};
pub(crate) use mailboxes::{AddMailbox, ListMailboxes, SetAddresses};
pub(crate) use profile::{Create, PinTenant};
pub(crate) use registration::{AskRegistration, SetRegistration};
pub(crate) use sessions::{EndSession, SessionHolder, UseSession};

/// One organisation.
#[durable_object(fetch)]
pub struct Organisation {
    sql: Sql,
}

impl DurableObject for Organisation {
    fn new(state: State, _env: Env) -> Self {
        Self { sql: Sql::new(&state.storage()) }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let request = &mut request;
        match request.path().trim_start_matches('/') {
            Create::NAME => reply(read(request).await.and_then(|call| self.create(&call))),
            PinTenant::NAME => reply(read(request).await.and_then(|call| self.pin_tenant(&call))),
            AddMailbox::NAME => reply(read(request).await.and_then(|call| self.add_mailbox(&call))),
            SetAddresses::NAME => reply(read(request).await.and_then(|call| self.set_addresses(&call))),
            ListMailboxes::NAME => reply(self.list_mailboxes()),
            SetSending::NAME => reply(read(request).await.and_then(|call| self.set_sending(&call))),
            NoteAsked::NAME => reply(read(request).await.and_then(|call| self.note_asked(&call))),
            SetRegistration::NAME => reply(read(request).await.and_then(|call| self.set_registration(&call))),
            AskRegistration::NAME => reply(self.registration()),
            AddKey::NAME => reply(read(request).await.and_then(|call| self.add_key(&call))),
            UseKey::NAME => reply(read(request).await.and_then(|call| self.use_key(&call))),
            KeyMailboxes::NAME => reply(read(request).await.and_then(|call| self.key_mailboxes(&call))),
            AddLink::NAME => reply(read(request).await.and_then(|call| self.add_link(&call))),
            OpenLink::NAME => reply(read(request).await.and_then(|call| self.open_link(&call))),
            UseSession::NAME => reply(read(request).await.and_then(|call| self.use_session(&call))),
            EndSession::NAME => reply(read(request).await.and_then(|call| self.end_session(&call))),
            _ => reply::<()>(Err(internal("no such call"))),
        }
    }
}
