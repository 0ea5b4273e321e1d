//! One mailbox as a state machine: calls and results in, stored rows and effects out.
//!
//! Each method is one *step*: it reads, decides and writes in one transaction, and returns what the host must do
//! afterwards. When storage refuses anything, the step changes nothing at all, in storage or in memory. The host is the
//! Durable Object in production and the simulation in tests.

mod alarm;
mod calls;
mod context;
mod effect;
mod idempotency;
mod record;
mod state;
mod stored_settings;
mod transaction;
mod view;

use api::{
    AttemptId, Code, ConsentOutcome, Digest, FinishConsent, MessageId, MessageView, Problem, RefusedConsent,
    RetryMessage, Route, Timestamp,
};
use microsoft::Refusal;

pub use calls::{Accepted, Idempotency, SavedSettings, Step, Tried};
pub use context::Context;
pub use effect::{Effect, GraphCheck, LogEntry};
pub use record::MailboxRecord;
pub use state::{Situation, state};
pub use view::{Page, limits, view};

use self::alarm::Alarm;
use self::idempotency::find_repeated;
use self::transaction::Transaction;
use crate::outbox::release::Cause;
use crate::outbox::retention::{next_sweep, sweep};
use crate::outbox::{AttemptKey, DeliveryResult, Message, NewMessage, REST_MS, RunBudget, Scheduler, Stage};
use crate::settings::Transport;
use crate::sign_in::{self, Answered, ConsentAttempt, Redeemed, Redemption};
use crate::store::{KvTask, MessageQuery, StagedContent, Store, cannot};
use crate::tokens::{self, NewTokens, Renewed, Tokens};

/// One mailbox.
pub struct Mailbox {
    store: Store,
    memory: Memory,
}

/// What dies with the instance.
#[derive(Clone, Debug, Default)]
struct Memory {
    scheduler: Scheduler,
    tokens: Tokens,
    alarm: Alarm,
    /// Whether this instance has looked for what an earlier one left.
    awake: bool,
}

/// How long a caller of an alarm may be late before it counts as lost, in milliseconds.
const ALARM_LATE_MS: i64 = 10_000;
/// An alarm this long after work was handed to the host finds it if everything else was lost, in milliseconds.
const SAFETY_NET_MS: i64 = 60_000;

impl Mailbox {
    /// The mailbox in that store. What it holds in memory begins empty.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, memory: Memory::default() }
    }

    /// The stored rows, to read.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The mailbox itself: settings and what goes with them.
    pub fn mailbox(&self) -> Result<MailboxRecord, Problem> {
        self.store.expect_created()?;
        self.store.records().mailbox()
    }

    /// The attempts under way.
    #[must_use]
    pub fn scheduler(&self) -> &Scheduler {
        &self.memory.scheduler
    }

    /// Creates the mailbox; a repeated call changes nothing.
    pub fn create(&mut self, record: &MailboxRecord, context: &Context<'_>) -> Step<()> {
        self.run(context, |step| {
            step.store.migrate()?;
            match step.store.records().mailbox_if_created()? {
                Some(_) => Ok(()),
                None => step.store.records().set_mailbox(record),
            }
        })
    }

    /// Looks, at every call, for what an earlier instance or a lost alarm left. Cheap when there is nothing.
    pub fn attend(&mut self, context: &Context<'_>) -> Vec<Effect> {
        let is_late = self.memory.alarm.is_late(context.now, ALARM_LATE_MS);
        if self.memory.awake && !is_late || !self.exists() {
            return Vec::new();
        }
        let step = self.step(context, |step| {
            if !step.memory.awake {
                step.store.migrate()?;
                // An earlier instance was writing these, and is gone.
                step.store.content().delete_staged_before(context.now)?;
                step.release_for_deployment()?;
                step.memory.awake = true;
            }
            step.memory.alarm.forget();
            step.pump();
            Ok(())
        });
        step.effects
    }

    /// Accepts a message: content, message and idempotency key become durable together. A repeated id or key changes
    /// nothing.
    pub fn accept(
        &mut self,
        new: &NewMessage,
        staged: &StagedContent,
        idempotency: Option<&Idempotency>,
        context: &Context<'_>,
    ) -> Step<Accepted> {
        self.step(context, |step| {
            let now = context.now;
            if let Some(message) = find_repeated(step.store, idempotency, context)? {
                return Ok(Accepted { message, replayed: true });
            }
            if let Some(message) = step.store.messages().get(new.id)? {
                // The Worker asked twice, since our first answer was lost.
                return Ok(Accepted { message, replayed: false });
            }
            let (chunks, staging) = match staged {
                StagedContent::One(sealed) => {
                    step.store.content().add(&new.id.to_string(), 0, sealed.clone())?;
                    (1, None)
                }
                StagedContent::Several { key, chunks } => {
                    step.store.content().end_staging(key)?;
                    (*chunks, Some(key.clone()))
                }
            };
            let message = Message::accept(new.clone(), chunks, staging, now);
            step.store.messages().put(&message)?;
            if let Some(Idempotency { key, body }) = idempotency {
                step.store.idempotency().put(key, body, new.id, now)?;
            }
            step.pump();
            Ok(Accepted { message, replayed: false })
        })
    }

    /// The message that came with this idempotency key before, if the key still counts: while the message is open, and
    /// seven days after.
    pub fn repeated(
        &self,
        idempotency: Option<&Idempotency>,
        context: &Context<'_>,
    ) -> Result<Option<Message>, Problem> {
        find_repeated(&self.store, idempotency, context)
    }

    /// A message of this mailbox.
    pub fn message(&self, id: MessageId) -> Result<Message, Problem> {
        self.store.expect_created()?;
        let missing = || Problem::new(Code::NotFound, "there is no such message");
        self.store.messages().get(id)?.ok_or_else(missing)
    }

    /// Messages that fit a query, newest first, without their attempts.
    pub fn list(&self, query: &MessageQuery) -> Result<Vec<MessageView>, Problem> {
        self.store.expect_created()?;
        Ok(self.store.messages().list(query)?.iter().map(Message::line).collect())
    }

    /// Cancels a message that waits.
    pub fn cancel(&mut self, id: MessageId, context: &Context<'_>) -> Step<MessageView> {
        let found = self.message(id);
        self.step(context, |step| {
            let mut message = found.clone()?;
            if message.cancel(context.now)? {
                step.count_unseen(&message)?;
                step.store.messages().put(&message)?;
                step.effects.push(Effect::Notify(id));
                step.advance_release()?;
            }
            Ok(message.view())
        })
    }

    /// Queues a message again because its sender asks.
    pub fn retry(&mut self, id: MessageId, retry: &RetryMessage, context: &Context<'_>) -> Step<MessageView> {
        let found = self.message(id);
        self.step(context, |step| {
            let mut message = found.clone()?;
            message.retry(retry, context.now)?;
            step.store.messages().put(&message)?;
            step.pump();
            Ok(message.view())
        })
    }

    /// Starts messages that are due, as many as may go now.
    pub fn start_deliveries(&mut self, budget: &mut RunBudget, context: &Context<'_>) -> Step<()> {
        let mut left = *budget;
        let step = self.step(context, |step| {
            left = *budget;
            step.start_deliveries(&mut left)
        });
        if step.outcome.is_ok() {
            *budget = left;
        }
        step
    }

    /// Durably marks an attempt as *possibly sent*. The host waits for storage to sync before the first byte that could
    /// complete a hand-over leaves; on an error nothing may leave.
    pub fn possibly_sent(&mut self, key: AttemptKey, route: Route, context: &Context<'_>) -> Step<()> {
        self.step(context, |step| step.memory.scheduler.possibly_sent(step.store, key, route, context))
    }

    /// Takes the end of a try. When storage refuses, a known result is kept and recorded later.
    pub fn delivered(
        &mut self,
        key: AttemptKey,
        route: Option<Route>,
        tried: Tried,
        context: &Context<'_>,
    ) -> Step<()> {
        let result = match tried {
            Tried::Ended(result) => result,
            Tried::TokenRefused { refusal, token } => {
                let step = self.step(context, |step| {
                    let goes_on = step.memory.scheduler.token_refused(step.store, key, token)?;
                    if goes_on {
                        step.serve_awaiting()?;
                    }
                    Ok(goes_on)
                });
                match step.outcome {
                    Ok(true) => return Step { outcome: Ok(()), effects: step.effects },
                    // The second refusal, or it could not be noted: that nothing was accepted is certain all the same.
                    _ => DeliveryResult::Refused { refusal, stage: Stage::HandOver },
                }
            }
        };
        let step = self.step(context, |step| {
            step.finish(key, route, &result, false)?;
            step.advance_release()?;
            step.pump_if_due()
        });
        if step.outcome.is_err() {
            self.memory.scheduler.keep_unrecorded(key, route, result);
        }
        step
    }

    /// Takes the result of a renewal.
    pub fn renewed(
        &mut self,
        generation: u64,
        outcome: &Result<NewTokens, Refusal>,
        context: &Context<'_>,
    ) -> Step<Result<(), Refusal>> {
        let mut step = self.step(context, |step| {
            let renewed = step.memory.tokens.finished(step.store, generation, outcome.clone(), context)?;
            if renewed == Ok(Renewed::Recovered) {
                step.release(Cause::Recovered)?;
            }
            step.effects.push(Effect::WorkOnKv);
            step.log_renewal(&renewed)?;
            match &renewed {
                Ok(_) => step.serve_awaiting()?,
                Err(refusal) => step.end_awaiting(refusal)?,
            }
            step.pump_if_due()?;
            Ok(renewed.map(drop))
        });
        // Also when it could not be stored: nobody waits for ever, and the next attempt asks again.
        step.effects.push(Effect::RenewalEnded(generation));
        step
    }

    /// Takes the result of a harmless request of Graph.
    pub fn checked(&mut self, outcome: &Result<(), Refusal>, context: &Context<'_>) -> Step<()> {
        self.memory.scheduler.end_check();
        self.step(context, |step| {
            let before = step.store.records().outbox()?;
            let mut outbox = before.clone();
            match outcome {
                Ok(()) => outbox.breaker.check_succeeded(),
                // An answer is an answer: the message will meet the same refusal and be judged by it.
                Err(refusal) if refusal.upstream.is_some() && !refusal.code.retryable() => {
                    outbox.breaker.check_succeeded();
                }
                Err(_) => outbox.breaker.check_failed(context.now),
            }
            step.store.records().set_outbox(&before, &outbox)?;
            step.pump();
            Ok(())
        })
    }

    /// The alarm: armed again before anything else is done, so that a crash in it loses nothing.
    pub fn alarm(&mut self, context: &Context<'_>) -> Step<()> {
        self.memory.alarm.forget();
        match self.store.is_created() {
            Ok(true) => {}
            Ok(false) => return Step { outcome: Ok(()), effects: Vec::new() },
            // The runtime repeats an alarm that fails.
            Err(problem) => return Step { outcome: Err(problem), effects: Vec::new() },
        }
        self.step(context, |step| {
            if !step.memory.awake {
                step.store.content().delete_staged_before(context.now)?;
                step.release_for_deployment()?;
                step.memory.awake = true;
            }
            if next_sweep(step.store)?.is_some_and(|at| at <= context.now) {
                sweep(step.store, context, &mut step.effects)?;
            }
            sign_in::drop_unconfirmed(step.store, context.now)?;
            step.keep_alive()?;
            if step.store.kv_queue().next_due_at()?.is_some_and(|at| at <= context.now) {
                step.effects.push(Effect::WorkOnKv);
            }
            step.pump();
            Ok(())
        })
    }

    /// The nightly nudge: arms a missing alarm and does what it would have done.
    pub fn nudge(&mut self, context: &Context<'_>) -> Step<()> {
        match self.store.expect_created() {
            Ok(()) => self.alarm(context),
            Err(problem) => Step { outcome: Err(problem), effects: Vec::new() },
        }
    }

    /// The alarm could not be set; the next step tries again.
    pub fn alarm_not_set(&mut self) {
        self.memory.alarm.forget();
    }

    /// The next KV operation, if one is due.
    pub fn next_kv_task(&self, context: &Context<'_>) -> Result<Option<KvTask>, Problem> {
        self.store.kv_queue().next(context.now)
    }

    /// Takes the result of a KV operation; one that failed is tried again.
    pub fn kv_done(&mut self, task: &KvTask, succeeded: bool, context: &Context<'_>) -> Step<()> {
        self.step(context, |step| {
            if succeeded {
                step.store.kv_queue().done(task)
            } else {
                let at = tokens::postpone(task, context.now);
                step.store.kv_queue().postpone(task, at)
            }
        })
    }

    /// Saves the settings. Another address or kind ends the authentication; another server, port, security, user name or
    /// relay clears the password, which goes only to the server that it was typed for.
    pub fn save(&mut self, save: &SavedSettings, context: &Context<'_>) -> Step<()> {
        self.step(context, |step| {
            let mut mailbox = step.store.records().mailbox()?;
            if mailbox.version != save.version {
                let detail = "the page shows an older version than the one that is stored";
                return Err(Problem::new(Code::SettingsChanged, detail));
            }
            let ends_authentication = mailbox.replace_settings(save);
            if ends_authentication {
                step.forget_authentication(&mut mailbox)?;
                mailbox.approval_asked_at = None;
                mailbox.removed_at = None;
            }
            step.store.records().set_mailbox(&mailbox)?;
            step.release(Cause::Repaired)
        })
    }

    /// Deletes the authentication at once, here and (as fast as KV answers) there; the queue is held.
    pub fn remove(&mut self, context: &Context<'_>) -> Step<()> {
        self.step(context, |step| {
            let mut mailbox = step.store.records().mailbox()?;
            step.forget_authentication(&mut mailbox)?;
            mailbox.removed_at = Some(context.now);
            step.store.records().set_mailbox(&mailbox)?;
            step.log("remove", "removed", "")
        })
    }

    /// Notes that somebody asks an administrator, or no longer does. The authentication stays as it is.
    pub fn ask_approval(&mut self, asked: bool, context: &Context<'_>) -> Step<()> {
        self.step(context, |step| {
            let mut mailbox = step.store.records().mailbox()?;
            if !mailbox.settings.kind.signs_in() {
                return Err(Problem::new(
                    Code::KindNotAvailable,
                    "this kind needs no administrator's approval",
                ));
            }
            let since = mailbox.approval_asked_at.or(Some(context.now));
            mailbox.approval_asked_at = since.filter(|_| asked);
            step.store.records().set_mailbox(&mailbox)
        })
    }

    /// Looks whether the trouble of a mailbox is gone, by renewing its tokens. The renewal to wait for before
    /// [`Self::check_again`], if one is needed.
    pub fn renew_to_check(&mut self, context: &Context<'_>) -> Step<Option<u64>> {
        self.step(context, |step| {
            let mailbox = step.store.records().mailbox()?;
            let in_trouble = step.store.records().authentication()?.is_some_and(|it| it.trouble.is_some());
            match Transport::of(&mailbox.settings).resource().filter(|_| in_trouble) {
                Some(resource) => Ok(step.request_renewal(resource)?.ok()),
                None => Ok(None),
            }
        })
    }

    /// Tries held messages again because a person asks.
    pub fn check_again(&mut self, context: &Context<'_>) -> Step<()> {
        self.step(context, |step| step.release(Cause::Asked))
    }

    /// Notes that a person has seen what was refused or is unknown, as far as it ended by `until`.
    pub fn mark_seen(&mut self, until: Timestamp, context: &Context<'_>) -> Step<()> {
        self.step(context, |step| {
            let before = step.store.records().outbox()?;
            let mut outbox = before.clone();
            outbox.unseen = step.store.messages().unseen_after(until)?;
            step.store.records().set_outbox(&before, &outbox)
        })
    }

    /// Keeps why the mail server did not let a test in, unless the settings were saved since.
    pub fn server_test_failed(&mut self, version: u64, refusal: &Refusal, context: &Context<'_>) -> Step<()> {
        self.step(context, |step| {
            let mailbox = step.store.records().mailbox()?;
            if mailbox.version == version { step.note_server_trouble(mailbox, refusal) } else { Ok(()) }
        })
    }

    /// The mail server let a test in: held messages go again, unless the settings were saved since.
    pub fn server_test_passed(&mut self, version: u64, context: &Context<'_>) -> Step<()> {
        self.step(context, |step| {
            let mut mailbox = step.store.records().mailbox()?;
            if mailbox.version != version || mailbox.server_trouble.is_none() {
                return Ok(());
            }
            mailbox.server_trouble = None;
            step.store.records().set_mailbox(&mailbox)?;
            step.release(Cause::Repaired)
        })
    }

    /// Keeps a consent attempt that begins.
    pub fn begin_consent(&mut self, attempt: &ConsentAttempt, context: &Context<'_>) -> Step<()> {
        self.step(context, |step| sign_in::begin(step.store, attempt.clone(), context.now))
    }

    /// Starts redeeming a code, once. `Err` inside holds the outcome of an earlier post: to confirm, or connected.
    pub fn start_redeeming(
        &mut self,
        id: AttemptId,
        session: &Digest,
        finish: &FinishConsent,
        context: &Context<'_>,
    ) -> Step<Result<Redemption, Option<ConsentOutcome>>> {
        self.step(context, |step| sign_in::start_redeeming(step.store, id, session, finish, context.now))
    }

    /// Takes the next number to seal tokens with, so that no two sign-ins or renewals ever share one.
    pub fn take_number(&mut self, context: &Context<'_>) -> Step<MailboxRecord> {
        self.step(context, |step| {
            let mut mailbox = step.store.records().mailbox()?;
            mailbox.number += 1;
            step.store.records().set_mailbox(&mailbox)?;
            Ok(mailbox)
        })
    }

    /// Keeps what redeeming led to, and connects when nobody has to confirm. `None` is connected.
    pub fn conclude_consent(
        &mut self,
        id: AttemptId,
        redeemed: &Result<Redeemed, Problem>,
        context: &Context<'_>,
    ) -> Step<Result<Option<ConsentOutcome>, Problem>> {
        self.step(context, |step| {
            let outcome = sign_in::conclude(step.store, id, redeemed.clone())?;
            if let (Ok(None), Ok(redeemed)) = (&outcome, redeemed) {
                step.connect(&redeemed.authentication)?;
            }
            let word = outcome.as_ref().map_or_else(|problem| problem.code.as_str(), |_| "in_order");
            step.log("consent", word, "")?;
            Ok(outcome)
        })
    }

    /// Takes the person's answer to a confirmation; whether the mailbox is connected.
    pub fn answer_consent(
        &mut self,
        id: AttemptId,
        session: &Digest,
        confirmed: bool,
        context: &Context<'_>,
    ) -> Step<Result<bool, Problem>> {
        self.step(context, |step| {
            Ok(match sign_in::answer(step.store, id, session, confirmed, context.now)? {
                Answered::Connect(authentication) => {
                    step.connect(&authentication)?;
                    Ok(true)
                }
                Answered::Connected => Ok(true),
                Answered::Declined => Ok(false),
                Answered::TooLate(problem) => Err(problem),
            })
        })
    }

    /// Ends a consent attempt with the error that came back.
    pub fn refuse_consent(
        &mut self,
        id: AttemptId,
        session: &Digest,
        refused: &RefusedConsent,
        context: &Context<'_>,
    ) -> Step<Problem> {
        self.step(context, |step| {
            let problem = sign_in::refuse(step.store, id, session, refused, context.now)?;
            step.log("consent", problem.code.as_str(), "")?;
            Ok(problem)
        })
    }

    fn exists(&self) -> bool {
        self.store.expect_created().is_ok()
    }

    /// Runs one step of a mailbox that exists.
    fn step<T>(
        &mut self,
        context: &Context<'_>,
        run: impl FnMut(&mut Transaction<'_>) -> Result<T, Problem>,
    ) -> Step<T> {
        match self.store.expect_created() {
            Ok(()) => self.run(context, run),
            Err(problem) => Step { outcome: Err(problem), effects: Vec::new() },
        }
    }

    /// Runs one step in one transaction and plans the alarm in it. On an error, memory is what it was.
    fn run<T>(
        &mut self,
        context: &Context<'_>,
        mut run: impl FnMut(&mut Transaction<'_>) -> Result<T, Problem>,
    ) -> Step<T> {
        let mut value = None;
        let Step { outcome, effects } = self.run_each(context, &mut |step| {
            value = Some(run(step)?);
            Ok(())
        });
        let value = outcome.and_then(|()| value.ok_or_else(|| cannot("complete a transaction")));
        Step { outcome: value, effects }
    }

    /// What all steps have in common, compiled once for all of them.
    fn run_each(
        &mut self,
        context: &Context<'_>,
        run: &mut dyn FnMut(&mut Transaction<'_>) -> Result<(), Problem>,
    ) -> Step<()> {
        let before = self.memory.clone();
        let mut effects = Vec::new();
        let (store, memory) = (&self.store, &mut self.memory);
        let outcome = store.transaction(&mut || {
            let mut step = Transaction { store, memory, context, effects: Vec::new() };
            run(&mut step)?;
            alarm::plan(&mut step)?;
            effects = std::mem::take(&mut step.effects);
            Ok(())
        });
        if let Err(problem) = &outcome {
            self.memory = before;
            effects = Vec::new();
            if matches!(problem.code, Code::Internal | Code::StorageQuota) {
                self.memory.scheduler.rest(context.now);
                // Whatever the step would have armed, something looks again.
                effects
                    .extend(self.memory.alarm.no_later_than(context.now.plus_millis(REST_MS), context.now));
                effects.push(Effect::Log(LogEntry {
                    event: "storage",
                    outcome: "failed",
                    detail: problem.detail.clone(),
                    ..LogEntry::default()
                }));
            }
        }
        Step { outcome, effects }
    }
}
