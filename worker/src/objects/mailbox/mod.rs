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
use super::call::{Call, internal, read, reply};
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

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let (inner, request) = (&self.0, &mut request);
        inner.mind_alarm();
        match request.path().trim_start_matches('/') {
            CreateMailbox::NAME => reply(read(request).await.and_then(|call| inner.create(&call))),
            Status::NAME => reply(read(request).await.and_then(|call: Status| inner.status(call.around))),
            AskSettings::NAME => reply(inner.settings()),
            Save::NAME => match read(request).await {
                Ok(call) => reply(inner.save(call).await),
                Err(problem) => reply::<()>(Err(problem)),
            },
            BeginAttempt::NAME => match read(request).await {
                Ok(call) => reply(inner.begin_attempt(call).await),
                Err(problem) => reply::<()>(Err(problem)),
            },
            RefuseAttempt::NAME => reply(read(request).await.and_then(|call| inner.refuse_attempt(&call))),
            AskApproval::NAME => reply(read(request).await.and_then(|call| inner.ask_approval(call))),
            CheckAgain::NAME => match read(request).await {
                Ok(call) => reply(inner.check_again(call).await),
                Err(problem) => reply::<()>(Err(problem)),
            },
            FinishAttempt::NAME => match read(request).await {
                Ok(call) => reply(inner.finish_attempt(call).await),
                Err(problem) => reply::<()>(Err(problem)),
            },
            Answer::NAME => match read(request).await {
                Ok(call) => reply(inner.answer_attempt(call)),
                Err(problem) => reply::<()>(Err(problem)),
            },
            FinishedAttempt::NAME => {
                reply(read(request).await.and_then(|call| inner.tenant_to_confirm(&call)))
            }
            Remove::NAME => reply(read(request).await.and_then(|call: Remove| inner.remove(call.around))),
            Accept::NAME => match read::<Accept>(request).await {
                Ok(call) => match request.bytes().await {
                    Ok(body) => reply(inner.accept(call, body).await),
                    Err(_) => reply::<()>(Err(internal("a message's body can't be read"))),
                },
                Err(problem) => reply::<()>(Err(problem)),
            },
            BeginTest::NAME => inner.test_server(),
            Look::NAME => reply(read(request).await.and_then(|call| inner.look(&call))),
            ListMessages::NAME => reply(read(request).await.and_then(|call| inner.list(&call))),
            Cancel::NAME => reply(read(request).await.and_then(|call: Cancel| inner.cancel(call.id))),
            Retry::NAME => match read(request).await {
                Ok(call) => reply(inner.retry(&call).await),
                Err(problem) => reply::<()>(Err(problem)),
            },
            ReadMime::NAME => match read(request).await {
                Ok(ReadMime { id }) => inner.read_mime(id).await,
                Err(problem) => reply::<()>(Err(problem)),
            },
            AskLimits::NAME => reply(inner.limits()),
            Nudge::NAME => reply(inner.nudge().await),
            _ => reply::<()>(Err(internal("no such call"))),
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
        Config::read(&self.env)
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
