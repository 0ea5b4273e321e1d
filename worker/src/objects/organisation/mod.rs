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

use super::call::{calls, dispatch};
use super::sql::Sql;

pub(crate) use approval::{NoteAsked, SetSending};
pub(crate) use keys::{AddKey, KeyMailbox, KeyMailboxes, KeyUse, UseKey, not_allowed};
pub(crate) use links::{AddLink, OpenLink};
pub(crate) use mailboxes::{AddMailbox, ListMailboxes, SetAddresses};
pub(crate) use profile::{Create, PinTenant, SettlePin};
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

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        dispatch! { request =>
            Create(call) => self.sql.transaction(|| self.create(&call)),
            PinTenant(call) => self.sql.transaction(|| self.pin_tenant(&call)),
            SettlePin(call) => self.sql.transaction(|| self.settle_pin(&call)),
            AddMailbox(call) => self.sql.transaction(|| self.add_mailbox(&call)),
            SetAddresses(call) => self.sql.transaction(|| self.set_addresses(&call)),
            ListMailboxes(_) => self.list_mailboxes(),
            SetSending(call) => self.sql.transaction(|| self.set_sending(&call)),
            NoteAsked(call) => self.sql.transaction(|| self.note_asked(&call)),
            SetRegistration(call) => self.sql.transaction(|| self.set_registration(&call)),
            AskRegistration(_) => self.registration(),
            AddKey(call) => self.sql.transaction(|| self.add_key(&call)),
            UseKey(call) => self.use_key(&call),
            KeyMailboxes(call) => self.key_mailboxes(&call),
            AddLink(call) => self.sql.transaction(|| self.add_link(&call)),
            OpenLink(call) => self.sql.transaction(|| self.open_link(&call)),
            UseSession(call) => self.use_session(&call),
            EndSession(call) => self.sql.transaction(|| self.end_session(&call)),
        }
    }
}
