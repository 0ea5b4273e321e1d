//! The Durable Object `Mailbox`: a shell around the state machine of `gateway`. It is the only one that renews a mailbox's
//! tokens and the only one that sends its mail.
//!
//! A call runs one step of the machine, in one transaction, and then carries out the step's effects. The runtime's *input
//! gate* lets no other event in while a step runs, since a step never awaits; its *output gate* holds an answer back until
//! the step's rows are durable. A refresh token never leaves the object unsealed, but to Entra.

mod alarm;
mod calls;
mod connection_check;
mod content;
mod delivery;
mod kv_copy;
mod outbox;
mod settings;
mod shell;
mod sign_in;
mod tokens;
mod waiters;

use std::rc::Rc;

use api::{ConsentOutcome, MailboxView};
use worker::{DurableObject, Env, Request, Response, State, durable_object};

use super::call::{dispatch, streamed};
use shell::Shell;

pub(crate) use calls::{
    Accept, Accepted, Answer, Around, AskApproval, AskLimits, AskSettings, BeginAttempt, BeginTest, Cancel,
    CheckAgain, CreateMailbox, FinishAttempt, FinishedAttempt, ListMessages, Look, MarkSeen, Nudge, ReadMime,
    RefuseAttempt, Remove, Retry, Save, Status,
};

/// One mailbox.
#[durable_object(alarm)]
pub struct Mailbox(Rc<Shell>);

impl DurableObject for Mailbox {
    fn new(state: State, env: Env) -> Self {
        Self(Rc::new(Shell::new(state, env)))
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        let shell = &self.0;
        shell.attend();
        dispatch! { request =>
            CreateMailbox(call) => settings::create(shell, &call),
            Status(call) => shell.view(call.around),
            MarkSeen(call) => settings::mark_seen(shell, call),
            AskSettings(_) => shell.read(|machine, _| Ok(machine.mailbox()?.settings)),
            Save(call) => settings::save(shell, call).await,
            BeginAttempt(call) => sign_in::begin(shell, call).await,
            FinishAttempt(call) => sign_in::finish(shell, call).await,
            RefuseAttempt(call) => sign_in::refuse(shell, &call),
            FinishedAttempt(call) => sign_in::tenant_to_confirm(shell, &call),
            Answer(call) => sign_in::answer(shell, call).map(|view| view.map(connected)),
            Remove(call) => settings::remove(shell, call.around),
            AskApproval(call) => settings::ask_approval(shell, call),
            CheckAgain(call) => settings::check_again(shell, call.around).await,
            Accept(call, bytes) => outbox::accept(shell, call, bytes).await,
            Look(call) => shell.read(|machine, _| Ok(machine.message(call.id)?.view())),
            ListMessages(call) => shell.read(|machine, _| machine.list(&call.into())),
            Cancel(call) => shell.step(|machine, context| machine.cancel(call.id, context)),
            Retry(call) => shell.step(|machine, context| machine.retry(call.id, &call.retry, context)),
            ReadMime(call) => streamed(content::read_mime(shell, call.id).await),
            AskLimits(_) => shell.read(|machine, context| gateway::mailbox::limits(machine.store(), context)),
            BeginTest(_) => streamed(connection_check::begin(shell)),
            Nudge(_) => shell.step(gateway::mailbox::Mailbox::nudge),
        }
    }

    async fn alarm(&self) -> worker::Result<Response> {
        // An error makes the runtime repeat the alarm, six times, later and later (Durable Objects: Alarms).
        self.0.on_alarm().await.map_err(|problem| worker::Error::RustError(problem.into_fields().detail))?;
        Response::empty()
    }
}

fn connected(view: MailboxView) -> ConsentOutcome {
    ConsentOutcome::Connected { mailbox: Box::new(view) }
}
