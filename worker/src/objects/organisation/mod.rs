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
            Create(call) => self.sql.transaction(|| profile::create(&self.sql, &call)),
            PinTenant(call) => self.sql.transaction(|| profile::pin_tenant(&self.sql, &call)),
            SettlePin(call) => self.sql.transaction(|| profile::settle_pin(&self.sql, &call)),
            AddMailbox(call) => self.sql.transaction(|| mailboxes::add_mailbox(&self.sql, &call)),
            SetAddresses(call) => self.sql.transaction(|| mailboxes::set_addresses(&self.sql, &call)),
            ListMailboxes(_) => mailboxes::list_mailboxes(&self.sql),
            SetSending(call) => self.sql.transaction(|| approval::set_sending(&self.sql, &call)),
            NoteAsked(call) => self.sql.transaction(|| approval::note_asked(&self.sql, &call)),
            SetRegistration(call) => self.sql.transaction(|| registration::set_registration(&self.sql, &call)),
            AskRegistration(_) => registration::registration(&self.sql),
            AddKey(call) => self.sql.transaction(|| keys::add_key(&self.sql, &call)),
            UseKey(call) => keys::use_key(&self.sql, &call),
            KeyMailboxes(call) => keys::key_mailboxes(&self.sql, &call),
            AddLink(call) => self.sql.transaction(|| links::add_link(&self.sql, &call)),
            OpenLink(call) => self.sql.transaction(|| links::open_link(&self.sql, &call)),
            UseSession(call) => sessions::use_session(&self.sql, &call),
            EndSession(call) => self.sql.transaction(|| sessions::end_session(&self.sql, &call)),
        }
    }
}
