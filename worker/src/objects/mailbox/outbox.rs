//! Accepting messages, and the callers that wait for their outcomes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use api::{Code, MessageId, MessageState, Problem};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gateway::mailbox::{Idempotency, Mailbox as Machine};
use gateway::outbox::{MessageProfile, NewMessage, accept as check};
use gateway::sealing::sha256;

use super::calls::{Accept, Accepted};
use super::content;
use super::shell::Shell;
use super::waiters::Waiters;
use crate::host::within;
use crate::objects::call::Carried;

/// Callers that wait, requests that are being stored, and the rows counted for the log.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: Waiters<MessageId>,
    /// Idempotency keys of messages that are just being stored.
    accepting: RefCell<Vec<String>>,
    /// Rows written when they were logged last.
    rows_logged: Cell<u64>,
}

impl Outbox {
    /// Tells callers that wait for a message, unless its attempt is still to come.
    pub(super) fn notify(&self, id: MessageId, machine: &Machine) {
        if machine.message(id).is_ok_and(|message| has_outcome(message.state())) {
            self.waiting.wake(|waiting| *waiting == id);
        }
    }

    /// Rows written since this was asked last.
    pub(super) fn rows_since(&self, written: u64) -> u64 {
        written.saturating_sub(self.rows_logged.replace(written))
    }
}

/// An idempotency key in use. Other requests with it are sent away until this is dropped.
struct Accepting {
    shell: Rc<Shell>,
    key: String,
}

impl Accepting {
    fn begin(shell: &Rc<Shell>, key: &str) -> Result<Self, Problem> {
        let mut accepting = shell.outbox().accepting.borrow_mut();
        if accepting.iter().all(|other| other != key) {
            accepting.push(key.to_owned());
            return Ok(Self { shell: Rc::clone(shell), key: key.to_owned() });
        }
        let detail = "the message with this Idempotency-Key is just being stored";
        Err(Problem::new(Code::IdempotencyInProgress, detail).with_retry_after(1))
    }
}

impl Drop for Accepting {
    fn drop(&mut self) {
        self.shell.outbox().accepting.borrow_mut().retain(|key| *key != self.key);
    }
}

/// Accepts a message: sealed and written durably first, answered then, handed over afterwards.
///
/// The runtime holds the answer back until the rows are durable (output gate), so `202` is true when it arrives.
pub(super) async fn accept(shell: &Rc<Shell>, call: Accept, carried: Carried) -> Result<Accepted, Problem> {
    let Carried { bytes: body, memory } = carried;
    let config = shell.config()?;
    let mailbox = shell.read(|machine, _| machine.mailbox())?;
    let idempotency = idempotency(&call, &body)?;
    if let Some(message) = shell.read(|machine, context| machine.repeated(idempotency.as_ref(), context))? {
        drop((body, memory));
        return answer(shell, message.id(), call.wait_ms, true).await;
    }
    let accepting = idempotency.as_ref().map(|it| Accepting::begin(shell, &it.key)).transpose()?;
    let profile = match call.profile {
        Some(profile) => profile,
        // A Worker of before, during a deployment.
        None => MessageProfile::read(call.form, body.clone())?,
    };
    check(&mailbox.settings, &profile)?;
    let staged = content::stage(shell, &config, &mailbox, call.id, &body).await?;
    let new = NewMessage {
        id: call.id,
        form: call.form,
        bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
        recipients: profile.recipients,
        reference: call.reference,
        scheduled_at: call.scheduled_at,
    };
    drop((body, memory));
    let accepted =
        shell.step(|machine, context| machine.accept(&new, &staged, idempotency.as_ref(), context))?;
    drop(accepting);
    answer(shell, accepted.message.id(), call.wait_ms, accepted.replayed).await
}

/// The message, after its outcome or after so long.
async fn answer(shell: &Rc<Shell>, id: MessageId, wait_ms: u64, replayed: bool) -> Result<Accepted, Problem> {
    let state = shell.read(|machine, _| Ok(machine.message(id)?.state()))?;
    if wait_ms > 0 && !has_outcome(state) {
        let outcome = shell.outbox().waiting.wait(id);
        let _ = within(Duration::from_millis(wait_ms), outcome).await;
    }
    shell.read(|machine, _| Ok(Accepted { view: machine.message(id)?.view(), replayed }))
}

/// Whether the first attempt is over, or none is to come soon.
fn has_outcome(state: MessageState) -> bool {
    !matches!(state, MessageState::Queued | MessageState::Sending)
}

fn idempotency(call: &Accept, body: &[u8]) -> Result<Option<Idempotency>, Problem> {
    let Some(key) = &call.idempotency_key else { return Ok(None) };
    let head = serde_json::to_vec(&(call.form, &call.reference, call.scheduled_at))
        .map_err(|_| Problem::new(Code::Internal, "cannot encode a request"))?;
    let body = hash(&[hash(&head).as_bytes(), hash(body).as_bytes()].concat());
    Ok(Some(Idempotency { key: hash(key.as_bytes()), body }))
}

/// Not the key itself: an ERP may have put something into it that should not be stored.
fn hash(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(sha256(bytes))
}
