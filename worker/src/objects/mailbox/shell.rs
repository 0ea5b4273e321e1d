use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context as Task, Waker};

use api::{MailboxView, Problem};
use futures_util::future::LocalBoxFuture;
use gateway::mailbox::{Context, Effect, LogEntry, Mailbox as Machine, Page, Step, view};
use gateway::store::Store;
use worker::{Env, State};

use super::alarm::Alarm;
use super::calls::Around;
use super::connection_check::ConnectionCheck;
use super::delivery::{self, Run};
use super::kv_copy::KvCopy;
use super::outbox::Outbox;
use super::sign_in::Consents;
use super::tokens::{self, Tokens};
use crate::config::Config;
use crate::host::{Line, log, now, random};
use crate::objects::Objects;
use crate::objects::database::DurableDatabase;
use crate::objects::organisation::AskRegistration;
use crate::registration::Registration;

/// One mailbox's machine, and what goes on around it. Shared with the work that goes on after an answer.
pub(super) struct Shell {
    state: State,
    env: Env,
    /// Borrowed within a step only, which never awaits.
    machine: RefCell<Machine>,
    alarm: Alarm,
    outbox: Outbox,
    tokens: Tokens,
    kv_copy: KvCopy,
    consents: Consents,
    connection_check: ConnectionCheck,
}

impl Shell {
    pub(super) fn new(state: State, env: Env) -> Self {
        let database = DurableDatabase::new(&state.storage());
        Self {
            state,
            env,
            machine: RefCell::new(Machine::new(Store::new(Rc::new(database)))),
            alarm: Alarm::default(),
            outbox: Outbox::default(),
            tokens: Tokens::default(),
            kv_copy: KvCopy::default(),
            consents: Consents::default(),
            connection_check: ConnectionCheck::default(),
        }
    }

    /// Runs a step of the machine and carries out its effects.
    pub(super) fn step<T>(
        self: &Rc<Self>,
        step: impl FnOnce(&mut Machine, &Context<'_>) -> Step<T>,
    ) -> Result<T, Problem> {
        self.step_within(&Run::new(), step)
    }

    /// The same as a part of a run, which bounds what an invocation does.
    pub(super) fn step_within<T>(
        self: &Rc<Self>,
        run: &Run,
        step: impl FnOnce(&mut Machine, &Context<'_>) -> Step<T>,
    ) -> Result<T, Problem> {
        let Step { outcome, effects } = self.decide(step)?;
        self.carry_out(effects, run);
        outcome
    }

    /// Runs a step of the machine; the caller carries out its effects.
    pub(super) fn decide<T>(
        &self,
        step: impl FnOnce(&mut Machine, &Context<'_>) -> Step<T>,
    ) -> Result<Step<T>, Problem> {
        let config = self.config()?;
        let context = context(&config)?;
        Ok(step(&mut self.machine.borrow_mut(), &context))
    }

    /// Reads from the machine.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Machine, &Context<'_>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let config = self.config()?;
        let context = context(&config)?;
        read(&self.machine.borrow(), &context)
    }

    /// The E-mail server page as it is now.
    pub(super) fn view(&self, around: Around) -> Result<MailboxView, Problem> {
        let config = self.config()?;
        let page = Page {
            endpoints: config.registration.endpoints.clone(),
            installation_relay: config.relay_for(api::Kind::SmtpBasic).is_some(),
            registration: around.registration,
            approval: around.approval,
        };
        self.read(|machine, context| view(machine.store(), page, context))
    }

    /// At every call: looks for what an earlier instance or a lost alarm left.
    pub(super) fn attend(self: &Rc<Self>) {
        // A configuration that can't be read is told by the call itself.
        if let Ok(step) =
            self.decide(|machine, context| Step { outcome: Ok(()), effects: machine.attend(context) })
        {
            self.carry_out(step.effects, &Run::new());
        }
    }

    /// The alarm went off. An error has the runtime repeat it.
    pub(super) async fn on_alarm(self: &Rc<Self>) -> Result<(), Problem> {
        let Step { outcome, effects } = match self.decide(Machine::alarm) {
            Ok(step) => step,
            Err(problem) => {
                // Without a configuration nothing can be decided, but the next alarm must come.
                self.alarm.set_later(&self.state).await?;
                return Err(problem);
            }
        };
        self.carry_out(effects, &Run::new());
        // Awaited here, so that an alarm that can't be set is repeated by the runtime.
        self.alarm.settle(&self.state).await?;
        outcome
    }

    /// Carries out what a step asks for, in its order.
    pub(super) fn carry_out(self: &Rc<Self>, effects: Vec<Effect>, run: &Run) {
        let mut pumps = false;
        for effect in effects {
            match effect {
                Effect::Deliver(delivery) => {
                    self.in_background(delivery::lane(Rc::clone(self), run.clone(), *delivery));
                }
                Effect::Pump if pumps => {}
                Effect::Pump => {
                    pumps = true;
                    let (shell, run) = (Rc::clone(self), run.clone());
                    self.in_background(async move { delivery::pump(&shell, &run) });
                }
                Effect::CheckGraph(check) => {
                    self.in_background(delivery::check_graph(Rc::clone(self), *check));
                }
                Effect::Renew(renewal) => self.in_background(tokens::renew(Rc::clone(self), *renewal)),
                Effect::RenewalEnded(generation) => self.tokens.ended(generation),
                Effect::WorkOnKv => self.in_background(super::kv_copy::work(Rc::clone(self))),
                Effect::SetAlarm(at) => {
                    self.alarm.plan(at);
                    let mut setting: LocalBoxFuture<'static, ()> = Box::pin(Rc::clone(self).set_alarm());
                    // Begun in this very turn, before anything that may end the instance.
                    if setting.as_mut().poll(&mut Task::from_waker(Waker::noop())).is_pending() {
                        self.in_background(setting);
                    }
                }
                Effect::Notify(id) => self.outbox.notify(id, &self.machine.borrow()),
                Effect::Log(entry) => self.write(&entry),
            }
        }
    }

    async fn set_alarm(self: Rc<Self>) {
        if self.alarm.settle(&self.state).await.is_err() {
            self.machine.borrow_mut().alarm_not_set();
        }
    }

    fn write(&self, entry: &LogEntry) {
        let LogEntry { event, outcome, object, status, detail } = entry;
        let rows = self.outbox.rows_since(self.machine.borrow().store().rows_written());
        log(&Line { event, outcome, object, status: *status, detail, rows, ..Line::default() });
    }

    /// Waits until everything that was written is durable.
    pub(super) async fn sync(&self) -> Result<(), Problem> {
        self.state.storage().sync().await.map_err(|error| super::super::sql::storage_failed(&error))
    }

    /// Goes on with work after the answer has been given.
    pub(super) fn in_background(&self, work: impl Future<Output = ()> + 'static) {
        self.state.wait_until(work);
    }

    pub(super) fn config(&self) -> Result<Config, Problem> {
        Config::load(&self.env)
    }

    pub(super) fn env(&self) -> &Env {
        &self.env
    }

    pub(super) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    pub(super) fn kv_copy(&self) -> &KvCopy {
        &self.kv_copy
    }

    pub(super) fn consents(&self) -> &Consents {
        &self.consents
    }

    pub(super) fn connection_check(&self) -> &ConnectionCheck {
        &self.connection_check
    }

    /// The app registration in use. Asked of the organisation each time, so that a new one counts at once.
    pub(super) async fn registration(&self, config: &Config) -> Result<Registration, Problem> {
        let id = self.read(|machine, _| Ok(machine.mailbox()?.organisation))?;
        let organisation = Objects::new(&self.env, &config.jurisdiction).organisation(id)?;
        match organisation.call(&AskRegistration {}).await? {
            Some(own) => own.open(&config.ring, &config.registration.endpoints, id).await,
            None => Ok(config.registration.clone()),
        }
    }
}

fn context(config: &Config) -> Result<Context<'_>, Problem> {
    Ok(Context {
        now: now(),
        random: random()?,
        limits: config.limits,
        renew_after_ms: config.renew_after_ms,
        keepalive_ms: config.keepalive_ms,
        sealing_key: config.ring.current(),
        deployment: &config.deployment,
    })
}
