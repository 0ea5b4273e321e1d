//! Carries deliveries out: one attempt after another, by Graph or SMTP, and tells the machine how each ended.

mod connection_reuse;
mod graph;
pub(super) mod mime_frame;
pub(super) mod smtp;
pub(super) mod smtp_transport;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use api::{Code, Problem, Route};
use gateway::mailbox::{Effect, Step, Tried};
use gateway::memory::{Share, to_send};
use gateway::outbox::{AttemptKey, Delivery, DeliveryResult, MessageProfile, RunBudget, Stage, accept};
use gateway::settings::Transport;
use microsoft::{Refusal, Resource};

use super::content;
use super::shell::Shell;
use crate::host::{memory, now};
use connection_reuse::ConnectionReuse;

pub(super) use graph::check_graph;

/// One run of the outbox, shared by what it starts: it bounds what one invocation does.
#[derive(Clone)]
pub(super) struct Run(Rc<RefCell<RunBudget>>);

impl Run {
    pub(super) fn new() -> Self {
        Self(Rc::new(RefCell::new(RunBudget::default())))
    }
}

/// Starts what is due.
pub(super) fn pump(shell: &Rc<Shell>, run: &Run) {
    // A problem is logged by the step, which also sees to it that the alarm tries again.
    let _ =
        shell.step_within(run, |machine, context| machine.start_deliveries(&mut run.0.borrow_mut(), context));
}

/// Hands over one message after another, over one connection as far as that is possible.
pub(super) async fn lane(shell: Rc<Shell>, run: Run, first: Delivery) {
    let mut reuse = ConnectionReuse::default();
    let mut next = Some(first);
    while let Some(delivery) = next.take() {
        let attempt = Attempt::new(&shell, &delivery);
        let tried = attempt.carry_out(&mut reuse).await;
        let (key, route) = (delivery.key, attempt.route.get());
        let mut effects = Vec::new();
        let mut take = |step: Result<Step<()>, Problem>| {
            if let Ok(step) = step {
                effects.extend(step.effects);
            }
        };
        take(shell.decide(|machine, context| machine.delivered(key, route, tried, context)));
        take(shell.decide(|machine, context| machine.start_deliveries(&mut run.0.borrow_mut(), context)));
        // The next message goes over the connection of this one.
        let position = effects.iter().position(|effect| matches!(effect, Effect::Deliver(_)));
        if let Some(Effect::Deliver(delivery)) = position.map(|position| effects.remove(position)) {
            next = Some(*delivery);
        }
        shell.carry_out(effects, &run);
    }
    reuse.close().await;
}

/// One attempt while it is carried out.
struct Attempt<'d> {
    shell: &'d Rc<Shell>,
    delivery: &'d Delivery,
    route: Cell<Option<Route>>,
    /// What it holds of the isolate's memory.
    memory: RefCell<Option<Share>>,
}

impl<'d> Attempt<'d> {
    fn new(shell: &'d Rc<Shell>, delivery: &'d Delivery) -> Self {
        Self { shell, delivery, route: Cell::default(), memory: RefCell::default() }
    }

    async fn carry_out(&self, reuse: &mut ConnectionReuse) -> Tried {
        match self.try_out(reuse).await {
            Ok(tried) => tried,
            // Before anything had left.
            Err(problem) => refused(problem.into(), Stage::Token),
        }
    }

    async fn try_out(&self, reuse: &mut ConnectionReuse) -> Result<Tried, Problem> {
        let Delivery { message, mailbox, authentication, token, .. } = self.delivery;
        let config = self.shell.config()?;
        let share = memory::send(to_send(message.bytes())).await?;
        self.memory.replace(Some(share));
        let content = content::open(self.shell, &config, mailbox, message).await?;
        // The kind may have changed while the message waited; what the new route would change or drop is not sent by it.
        if let Err(problem) = accept(&mailbox.settings, &MessageProfile::of(&content)) {
            let stage = if problem.code == Code::KindNotAvailable { Stage::Token } else { Stage::HandOver };
            return Ok(refused(problem.into(), stage));
        }
        if !message.recipients().can_go_on_by(mailbox.settings.kind) {
            let detail =
                "some recipients have it already, and Microsoft Graph can't send to the others alone";
            return Ok(refused(Refusal::new(Code::FieldsRefused, detail), Stage::HandOver));
        }
        let (Some(resource), Some(authentication), Some(number)) =
            (Transport::of(&mailbox.settings).resource(), authentication, *token)
        else {
            return Ok(smtp::to_own_server(self, &config, content, reuse).await);
        };
        let access = self.shell.tokens().open(&config, mailbox, authentication, resource, number).await?;
        Ok(match resource {
            Resource::Graph => graph::post(self, &config, content, &access).await,
            Resource::Exchange => smtp::to_exchange(self, &config, content, &access, reuse).await,
        })
    }

    /// Durably marks the attempt as *possibly sent* (write-ahead). Nothing may leave before this is `Ok`.
    async fn possibly_sent(&self) -> Result<(), Problem> {
        let route = self.route.get().unwrap_or(Route::Graph);
        let key: AttemptKey = self.delivery.key;
        self.shell.step(|machine, context| machine.possibly_sent(key, route, context))?;
        self.shell.sync().await
    }

    /// Says that no more than so many bytes are needed from now on.
    fn needs_only(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        if let Some(share) = &*self.memory.borrow() {
            share.shrink(bytes, now());
        }
    }

    fn goes_by(&self, route: Route) {
        self.route.set(Some(route));
    }
}

fn refused(refusal: Refusal, stage: Stage) -> Tried {
    Tried::Ended(DeliveryResult::Refused { refusal, stage })
}
