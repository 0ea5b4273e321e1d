//! The host of a mailbox, as the Durable Object is one: runs steps, carries out their effects, keeps the alarm, and dies.
//!
//! What it takes for granted of the platform: an alarm is set in the same write as the step that asks for it (the output
//! gate coalesces them), so that a crash never comes in between; but it may be refused. An alarm that failed is repeated
//! by the runtime up to six times (Cloudflare: Durable Objects alarms). Everything else that a step asks for may be lost.

use std::rc::Rc;

use api::{Problem, Timestamp};
use gateway::mailbox::{Context, Effect, Mailbox, Step, Tried};
use gateway::outbox::{Delivery, RunBudget};
use gateway::store::{KvTask, Store};
use gateway::tokens::{DEFAULT_KEEPALIVE_MS, DEFAULT_RENEW_AFTER_MS, NewTokens, Renewal};
use microsoft::Refusal;

use crate::database::Sqlite;
use crate::delivery::{self, Parcel};
use crate::entra::{self, EntraMood};
use crate::graph::{self, GraphMood};
use crate::invariants;
use crate::plan::SECOND;
use crate::story::{Violation, hold};
use crate::world::{Event, World};
use crate::{kv, people};

/// Rows that one step may write. A step releases or holds a page of fifty messages, two rows each, and the alarm's may sweep
/// fifty as well, with up to five chunks each.
const ROWS_PER_STEP: u64 = 400;

/// How often the runtime repeats an alarm that failed.
const ALARM_RETRIES: u32 = 6;

/// The host.
pub(crate) struct Host {
    pub(crate) database: Rc<Sqlite>,
    pub(crate) mailbox: Mailbox,
    /// Counts instances, so that the work of one that died is void.
    pub(crate) instance: u32,
    /// When the runtime's alarm goes off.
    pub(crate) alarm: Option<Timestamp>,
    /// The last try to set the alarm was refused, and nothing has set it since.
    pub(crate) alarm_was_refused: bool,
    pub(crate) alarms_refused: u32,
    pub(crate) crash_in: Option<u32>,
    pumps: bool,
    pub(crate) works_on_kv: bool,
}

/// Work of an instance.
#[derive(Debug)]
pub(crate) enum Work {
    /// Start what is due.
    Pump,
    /// Read a message's content and open the connection.
    Prepare(Box<Delivery>),
    /// Mark an attempt as possibly sent.
    Mark(Box<Parcel>),
    /// Write the byte that completes the message.
    Send(Box<Parcel>),
    /// Take the end of a try.
    Delivered(Box<(Parcel, Tried)>),
    /// Ask Entra.
    Renew(Box<Renewal>),
    /// Take Entra's answer to the renewal of that generation, which began in that epoch.
    Renewed((u64, u64), Box<Result<NewTokens, Refusal>>),
    /// Ask Graph something harmless.
    Check,
    /// Take the answer.
    Checked(Box<Result<(), Refusal>>),
    /// Look for work in KV.
    Kv,
    /// Take the end of an operation of KV.
    KvDone(Box<KvTask>, bool),
    /// Redeem a code.
    Redeem(people::Redeeming),
}

impl Host {
    pub(crate) fn new() -> Self {
        let database = Sqlite::new();
        let mailbox = Mailbox::new(Store::new(database.clone()));
        Self {
            database,
            mailbox,
            instance: 0,
            alarm: None,
            alarm_was_refused: false,
            alarms_refused: 0,
            crash_in: None,
            pumps: false,
            works_on_kv: false,
        }
    }
}

/// Calls the mailbox: looks after what an earlier instance left, runs one step, and carries out its effects. Nothing when
/// the instance died before the caller was answered.
pub(crate) fn call<T>(
    world: &mut World<'_>,
    name: &'static str,
    step: impl FnOnce(&mut Mailbox, &Context<'_>) -> Step<T>,
) -> Result<Option<Result<T, Problem>>, Violation> {
    let attended = run(world, "attend", |mailbox, context| {
        let effects = mailbox.attend(context);
        Step { outcome: Ok(()), effects }
    })?;
    if attended.is_none() {
        return Ok(None);
    }
    run(world, name, step)
}

/// The same without looking for what an earlier instance left.
pub(crate) fn run<T>(
    world: &mut World<'_>,
    name: &'static str,
    step: impl FnOnce(&mut Mailbox, &Context<'_>) -> Step<T>,
) -> Result<Option<Result<T, Problem>>, Violation> {
    let now = world.clock.now();
    let random = world.random.bytes();
    let host = &mut world.host;
    let database = Rc::clone(&host.database);
    database.set_now(now);
    let context = Context {
        now,
        random,
        limits: world.limits,
        renew_after_ms: DEFAULT_RENEW_AFTER_MS,
        keepalive_ms: DEFAULT_KEEPALIVE_MS,
        sealing_key: "k1",
        deployment: &world.deployment,
    };
    let (durable, rows) = (database.durable_writes(), host.mailbox.store().rows_written());
    let before = database.is_armed().then(|| database.fingerprint());
    let Step { outcome, effects } = step(&mut host.mailbox, &context);
    let rows = host.mailbox.store().rows_written() - rows;
    if name != "attend" || outcome.is_ok() && !effects.is_empty() {
        world.stats.count("steps");
        world.stats.count(name);
    }
    if effects.is_empty() && outcome.is_ok() && rows == 0 && !crash_is_due(world) {
        return Ok(Some(outcome));
    }
    world.stats.most("rows written by a step", rows, world.plan.seed);
    hold(rows <= ROWS_PER_STEP, "a step writes few rows", || format!("{name} wrote {rows} rows"))?;
    world.watch.rows_of_day += rows;
    if let Err(problem) = &outcome {
        let same = before.is_none_or(|before| before == database.fingerprint());
        hold(durable == database.durable_writes() && same, "an error changes nothing", || {
            format!("{name} failed with {} and changed something", problem.code.as_str())
        })?;
        world.tell("host", || format!("{name} failed: {} {}", problem.code.as_str(), problem.detail));
    }
    if outcome.is_ok() && rows > 0 {
        // A step looks after the alarm, also after one that was refused.
        world.host.alarm_was_refused = false;
    }
    let survives = carry_out(world, effects);
    invariants::after_step(world, name)?;
    Ok(survives.then_some(outcome))
}

/// Carries out effects in their order; whether the instance survives it.
fn carry_out(world: &mut World<'_>, effects: Vec<Effect>) -> bool {
    // Setting the alarm belongs to the step's own write.
    for effect in &effects {
        if let Effect::SetAlarm(at) = effect {
            set_alarm(world, *at);
        }
    }
    for effect in effects {
        if crashes(world) {
            return false;
        }
        let delay = world.random.between(0, 30);
        match effect {
            Effect::Pump if world.host.pumps => {}
            Effect::Pump => {
                world.host.pumps = true;
                plan(world, delay, Work::Pump);
            }
            Effect::Deliver(delivery) => plan(world, delay, Work::Prepare(delivery)),
            Effect::Renew(renewal) => plan(world, delay, Work::Renew(renewal)),
            Effect::CheckGraph(_) => plan(world, delay, Work::Check),
            Effect::WorkOnKv if world.host.works_on_kv => {}
            Effect::WorkOnKv => {
                world.host.works_on_kv = true;
                plan(world, delay, Work::Kv);
            }
            Effect::SetAlarm(_) | Effect::RenewalEnded(_) | Effect::Notify(_) | Effect::Log(_) => {}
        }
    }
    !crashes(world)
}

fn set_alarm(world: &mut World<'_>, at: Timestamp) {
    let host = &mut world.host;
    if host.alarms_refused > 0 || host.database.refuses_alarms() {
        host.alarms_refused = host.alarms_refused.saturating_sub(1);
        host.alarm_was_refused = true;
        host.mailbox.alarm_not_set();
        world.stats.count("alarms refused");
        world.tell("runtime", || format!("refuses to set the alarm to {at}"));
        return;
    }
    host.alarm = Some(at);
    host.alarm_was_refused = false;
    world.story.tell(world.clock.now(), "runtime", || format!("sets the alarm to {at}"));
    let at = world.clock.elapsed_at(at);
    world.queue.push(at, Event::Alarm);
}

/// Plans work of this instance.
pub(crate) fn plan(world: &mut World<'_>, after_ms: i64, work: Work) {
    let instance = world.host.instance;
    world.queue.push(world.clock.elapsed + after_ms, Event::Host(instance, work));
}

fn crash_is_due(world: &World<'_>) -> bool {
    world.host.crash_in.is_some()
}

/// Whether the instance dies here; then it is gone.
pub(crate) fn crashes(world: &mut World<'_>) -> bool {
    match &mut world.host.crash_in {
        None => false,
        Some(0) => {
            world.host.crash_in = None;
            world.stats.count("crashes");
            world.tell("host", || "the instance dies".to_owned());
            replace_instance(world);
            true
        }
        Some(left) => {
            *left -= 1;
            false
        }
    }
}

/// A new instance on the same storage: all that was in memory or under way is gone.
pub(crate) fn replace_instance(world: &mut World<'_>) {
    world.watch.instance_dies();
    let host = &mut world.host;
    host.instance += 1;
    host.mailbox = Mailbox::new(Store::new(host.database.clone()));
    (host.pumps, host.works_on_kv) = (false, false);
}

/// Sets the clock on the wall.
pub(crate) fn set_clock(world: &mut World<'_>, ms: i64) {
    world.clock.jump(ms);
    world.stats.count("clock jumps");
    world.tell("clock", || format!("was set by {} min", ms / (60 * SECOND)));
    if let Some(at) = world.host.alarm {
        world.queue.push(world.clock.elapsed_at(at), Event::Alarm);
    }
    world.watch.clock_was_set();
}

/// The runtime looks whether the alarm is due.
pub(crate) fn alarm(world: &mut World<'_>) -> Result<(), Violation> {
    if world.host.alarm.is_none_or(|at| at > world.clock.now()) {
        return Ok(());
    }
    world.host.alarm = None;
    alarm_again(world, 0)
}

/// Runs the alarm's handler; the runtime repeats it when it fails.
pub(crate) fn alarm_again(world: &mut World<'_>, tries: u32) -> Result<(), Violation> {
    world.stats.count("alarms");
    world.watch.alarm_is_running = true;
    let outcome = run(world, "alarm", Mailbox::alarm)?;
    world.watch.alarm_is_running = false;
    let failed = !matches!(outcome, Some(Ok(()))) || world.host.alarm_was_refused;
    world.watch.alarm_is_repeated = failed && tries < ALARM_RETRIES;
    if world.watch.alarm_is_repeated {
        let after_ms = (2 * SECOND) << tries;
        world.queue.push(world.clock.elapsed + after_ms, Event::AlarmAgain(tries + 1));
    }
    Ok(())
}

/// Does work of the instance that is alive.
pub(crate) fn work(world: &mut World<'_>, work: Work) -> Result<(), Violation> {
    match work {
        Work::Pump => {
            world.host.pumps = false;
            let mut budget = RunBudget::default();
            run(world, "pump", |mailbox, context| mailbox.start_deliveries(&mut budget, context)).map(drop)
        }
        Work::Prepare(delivery) => delivery::prepare(world, *delivery),
        Work::Mark(parcel) => delivery::mark(world, *parcel),
        Work::Send(parcel) => delivery::send(world, *parcel),
        Work::Delivered(ended) => delivery::delivered(world, &ended.0, &ended.1),
        Work::Renew(renewal) => {
            let mood = world.entra.at(world.clock.elapsed, EntraMood::Fine);
            let mut dice = world.dice("entra", &[renewal.number]);
            let (answer, after_ms) = entra::renew(mood, &renewal, world.clock.now(), &mut dice);
            world.stats.count(if answer.is_ok() { "renewals" } else { "renewals refused" });
            let named = (renewal.generation, renewal.mailbox.epoch);
            plan(world, after_ms, Work::Renewed(named, Box::new(answer)));
            Ok(())
        }
        Work::Renewed(named, answer) => renewed(world, named, &answer),
        Work::Check => {
            let mood = world.graph.at(world.clock.elapsed, GraphMood::Fine);
            let (answer, after_ms) = graph::ping(mood, &mut world.random);
            let unreachable = || Refusal::new(api::Code::MicrosoftUnavailable, "Microsoft Graph: no answer");
            let read = answer.map_or_else(|| Err(unreachable()), |answer| microsoft::read_ping(&answer));
            world.stats.count("harmless requests");
            plan(world, after_ms, Work::Checked(Box::new(read)));
            Ok(())
        }
        Work::Checked(outcome) => {
            world
                .tell("Graph", || format!("GET /me: {}", if outcome.is_ok() { "fine" } else { "no answer" }));
            call(world, "checked", |mailbox, context| mailbox.checked(&outcome, context)).map(drop)
        }
        Work::Kv => kv::look(world),
        Work::KvDone(task, succeeded) => kv::done(world, &task, succeeded),
        Work::Redeem(redeeming) => people::redeem(world, redeeming),
    }
}

fn renewed(
    world: &mut World<'_>,
    (generation, epoch): (u64, u64),
    answer: &Result<NewTokens, Refusal>,
) -> Result<(), Violation> {
    world.tell("Entra", || match answer {
        Ok(tokens) => format!("renews the tokens, number {}", tokens.access.token.number),
        Err(refusal) => format!("renews nothing: {}", refusal.code.as_str()),
    });
    let before = invariants::trouble_of_tokens(world).and_then(|(_, trouble)| trouble);
    call(world, "renewed", |mailbox, context| mailbox.renewed(generation, answer, context))?;
    invariants::renewal_marks_its_own(world, epoch, before.as_ref())
}
