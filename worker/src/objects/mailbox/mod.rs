//! The Durable Object `Mailbox`: settings, authentication with its sealed tokens, consent attempts and the outbox of one
//! mailbox. It is the only one that renews this mailbox's tokens and the only one that sends its mail.
//!
//! Invariants: a borrow of a cell never spans an `await`; what decides and what writes stand together without an `await`
//! between them, so that no other event can come in between; a refresh token never leaves the object unsealed, but to Entra.

mod alarm;
mod authentication;
mod calls;
mod outbox;
mod page;
mod settings;
mod store;
mod test_server;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use api::{MessageId, MessageView, Problem, Timestamp};
use futures_channel::oneshot;
use microsoft::AccessToken;
use worker::{DurableObject, Env, Request, Response, State, durable_object};

use super::Objects;
use super::call::{dispatch, streamed};
use super::organisation::AskRegistration;
use crate::config::Config;
use crate::host::{Line, log};
use crate::registration::Registration;

pub(crate) use calls::{
    Accept, Accepted, Answer, Around, AskApproval, AskLimits, AskSettings, BeginAttempt, BeginTest, Cancel,
    CheckAgain, CreateMailbox, FinishAttempt, FinishedAttempt, ListMessages, Look, Nudge, ReadMime,
    RefuseAttempt, Remove, Retry, Save, Status,
};

/// One mailbox.
#[durable_object(alarm)]
pub struct Mailbox(Rc<Inner>);

/// Shared with the work that goes on after an answer.
struct Inner {
    state: State,
    env: Env,
    store: store::Store,
    /// The renewal under way, which everybody who needs a token waits for.
    flight: RefCell<Option<authentication::refresh::Flight>>,
    /// Told apart by this, so that a renewal that lost its place does not clear its successor's.
    flights: Cell<u64>,
    /// The access token in use, with the number it belongs to; saves opening it for every message of a burst.
    token: RefCell<Option<(u64, AccessToken)>>,
    /// Messages being handed over now, with when that began.
    sending: RefCell<BTreeMap<MessageId, Timestamp>>,
    /// Callers that wait for a message's outcome.
    waiting: RefCell<BTreeMap<MessageId, Vec<oneshot::Sender<MessageView>>>>,
    /// No hand-over begins before this: rows could not be read or written.
    resting_until: Cell<Timestamp>,
    /// Consents being redeemed now: a second post of the same waits for the first.
    redeeming: RefCell<BTreeMap<api::AttemptId, Vec<oneshot::Sender<()>>>>,
    /// The run over KV under way, and since when.
    kv_busy_since: Cell<Option<Timestamp>>,
    /// Whether this instance has looked for messages that its predecessor was handing over.
    recovered: Cell<bool>,
    /// Idempotency keys of messages that are just being stored.
    accepting: RefCell<BTreeSet<String>>,
    /// Whether this instance has looked for work that its predecessor left.
    woken: Cell<bool>,
    /// Whether a test of the mail server is under way.
    testing: Cell<bool>,
    /// The alarm that is set, as far as this instance knows.
    alarm_at: Cell<Option<Timestamp>>,
}

impl DurableObject for Mailbox {
    fn new(state: State, env: Env) -> Self {
        let store = store::Store::new(&state.storage());
        if let Err(problem) = store.bring_up_to_date() {
            log(&Line { event: "tables", outcome: "failed", detail: &problem.detail, ..Line::default() });
        }
        Self(Rc::new(Inner {
            state,
            env,
            store,
            flight: RefCell::default(),
            flights: Cell::default(),
            token: RefCell::default(),
            sending: RefCell::default(),
            waiting: RefCell::default(),
            resting_until: Cell::default(),
            redeeming: RefCell::default(),
            kv_busy_since: Cell::default(),
            recovered: Cell::default(),
            accepting: RefCell::default(),
            woken: Cell::default(),
            testing: Cell::default(),
            alarm_at: Cell::default(),
        }))
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        let inner = &self.0;
        inner.mind_alarm();
        dispatch! { request =>
            CreateMailbox(call) => inner.create(&call),
            Status(call) => inner.status(call.around),
            AskSettings(_) => inner.settings(),
            Save(call) => inner.save(call).await,
            BeginAttempt(call) => inner.begin_attempt(call).await,
            FinishAttempt(call) => inner.finish_attempt(call).await,
            RefuseAttempt(call) => inner.refuse_attempt(&call),
            FinishedAttempt(call) => inner.tenant_to_confirm(&call),
            Answer(call) => inner.answer_attempt(call),
            Remove(call) => inner.remove(call.around),
            AskApproval(call) => inner.ask_approval(call),
            CheckAgain(call) => inner.check_again(call).await,
            Accept(call, bytes) => inner.accept(call, bytes).await,
            Look(call) => inner.look(&call),
            ListMessages(call) => inner.list(&call),
            Cancel(call) => inner.cancel(call.id),
            Retry(call) => inner.retry(&call).await,
            ReadMime(call) => streamed(inner.read_mime(call.id).await),
            AskLimits(_) => inner.limits(),
            BeginTest(_) => streamed(inner.test_server()),
            Nudge(_) => inner.nudge().await,
        }
    }

    async fn alarm(&self) -> worker::Result<Response> {
        // Always Ok: after six errors the runtime would give the alarm up, and the queue with it.
        self.0.on_alarm().await;
        Response::empty()
    }
}

impl Inner {
    fn config(&self) -> Result<Config, Problem> {
        Config::load(&self.env)
    }

    /// The app registration in use. Asked of the organisation each time, so that a new one counts at once.
    async fn registration(&self, config: &Config) -> Result<Registration, Problem> {
        let id = self.store.mailbox()?.organisation;
        let organisation = Objects::new(&self.env, &config.jurisdiction).organisation(id)?;
        match organisation.call(&AskRegistration {}).await? {
            Some(own) => own.open(&config.ring, &config.registration.endpoints, id).await,
            None => Ok(config.registration.clone()),
        }
    }

    /// Goes on with work after the answer has been given.
    fn in_background(self: &Rc<Self>, work: impl Future<Output = ()> + 'static) {
        self.state.wait_until(work);
    }
}
