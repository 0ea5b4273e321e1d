//! A mailbox and everything around it: runs a plan, event by event, in virtual time.

use std::panic::{AssertUnwindSafe, catch_unwind};

use api::{AttemptId, Kind, MailboxId, OrganisationId};
use gateway::outbox::Limits;

use crate::clock::{Clock, Queue};
use crate::entra::EntraMood;
use crate::graph::GraphMood;
use crate::host::{self, Host, Work};
use crate::invariants::{self, Watch};
use crate::operator;
use crate::people::{self, Visit};
use crate::plan::{DAY, HOUR, Happening, Plan, Post, SECOND};
use crate::random::Random;
use crate::smtp_server::SmtpMood;
use crate::stats::Stats;
use crate::story::{Story, Telling, Violation};
use crate::truth::Truth;
use crate::{erp, kv};

/// When everything is well again, everything that is open ends within so many days.
pub(crate) const RECOVERY_DAYS: i64 = 3;

/// Something that is to happen.
#[derive(Debug)]
pub(crate) enum Event {
    /// A decision of the plan.
    Planned(usize),
    /// Work of an instance of the host; void when that is gone.
    Host(u32, Work),
    /// The runtime looks whether the alarm is due.
    Alarm,
    /// The runtime repeats an alarm that failed; how often it has.
    AlarmAgain(u32),
    /// The ERP posts once more; how often it has.
    PostAgain(Post, u32),
    /// A person comes back to a sign-in.
    Visit(AttemptId, Visit),
    /// Storage works again.
    StorageWorks,
    /// The nightly nudge.
    Nudge,
    /// A day is over.
    DayEnds,
    /// Everything is well again; people look every hour.
    PeopleLook,
    /// The world ends.
    End,
}

/// What something outside is like, until when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mood<T> {
    now: T,
    pub(crate) since: i64,
    until: i64,
}

impl<T: Copy> Mood<T> {
    fn new(fine: T) -> Self {
        Self { now: fine, since: 0, until: 0 }
    }

    /// What it is like now.
    pub(crate) fn at(&self, elapsed: i64, fine: T) -> T {
        if elapsed < self.until { self.now } else { fine }
    }

    /// When it became fine again, or will.
    pub(crate) fn fine_since(&self) -> i64 {
        self.until
    }
}

/// One world.
pub(crate) struct World<'p> {
    pub(crate) plan: &'p Plan,
    pub(crate) id: MailboxId,
    pub(crate) organisation: OrganisationId,
    pub(crate) clock: Clock,
    pub(crate) queue: Queue<Event>,
    pub(crate) random: Random,
    pub(crate) host: Host,
    pub(crate) truth: Truth,
    pub(crate) watch: Watch,
    pub(crate) people: people::People,
    pub(crate) kv: kv::Kv,
    pub(crate) deployment: String,
    pub(crate) limits: Limits,
    pub(crate) graph: Mood<GraphMood>,
    pub(crate) smtp: Mood<SmtpMood>,
    pub(crate) entra: Mood<EntraMood>,
    pub(crate) story: Story,
    pub(crate) stats: Stats,
    /// Whether the plan is over and everything is well.
    pub(crate) is_healed: bool,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Report {
    /// What did not hold, if anything.
    pub violation: Option<Violation>,
    /// What happened, line by line, when it was to be told.
    pub story: Vec<String>,
    /// What happened, in numbers.
    pub stats: Stats,
}

/// Runs a plan.
#[must_use]
pub fn run(plan: &Plan, telling: Telling) -> Report {
    let mut world = World::new(plan, telling);
    let outcome = catch_unwind(AssertUnwindSafe(|| world.run())).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word");
        Err(Violation::new("the program never panics", text))
    });
    world.finish_stats();
    Report { violation: outcome.err(), story: world.story.into_lines(), stats: world.stats }
}

impl<'p> World<'p> {
    fn new(plan: &'p Plan, telling: Telling) -> Self {
        let mut random = Random::of(plan.seed, "world", &[]);
        let clock = Clock::default();
        Self {
            plan,
            id: MailboxId::new(clock.now(), random.bytes()),
            organisation: OrganisationId::new(clock.now(), random.bytes()),
            clock,
            queue: Queue::default(),
            host: Host::new(),
            truth: Truth::default(),
            watch: Watch::default(),
            people: people::People::default(),
            kv: kv::Kv::default(),
            deployment: "0".to_owned(),
            limits: Limits::default(),
            graph: Mood::new(GraphMood::Fine),
            smtp: Mood::new(SmtpMood::Fine),
            entra: Mood::new(EntraMood::Fine),
            story: Story::new(telling),
            stats: Stats::default(),
            is_healed: false,
            random,
        }
    }

    fn run(&mut self) -> Result<(), Violation> {
        people::create(self)?;
        for (index, planned) in self.plan.happenings.iter().enumerate() {
            self.queue.push(planned.at.max(1), Event::Planned(index));
        }
        for day in 1..=self.plan.days + RECOVERY_DAYS {
            self.queue.push(day * DAY, Event::DayEnds);
            if self.plan.nudges {
                self.queue.push(day * DAY + 3 * HOUR, Event::Nudge);
            }
        }
        self.queue.push(self.plan.days * DAY, Event::PeopleLook);
        self.queue.push((self.plan.days + RECOVERY_DAYS) * DAY + 1, Event::End);
        while let Some((at, event)) = self.queue.pop() {
            self.clock.elapsed = self.clock.elapsed.max(at);
            if matches!(event, Event::End) {
                return invariants::at_the_end(self);
            }
            self.handle(event)?;
        }
        Ok(())
    }

    fn handle(&mut self, event: Event) -> Result<(), Violation> {
        match event {
            Event::Planned(index) => self.happen(&self.plan.happenings[index].what),
            Event::Host(instance, work) if instance == self.host.instance => host::work(self, work),
            Event::Host(..) | Event::End => Ok(()),
            Event::Alarm => host::alarm(self),
            Event::AlarmAgain(tries) => host::alarm_again(self, tries),
            Event::PostAgain(post, tries) => erp::post(self, post, tries),
            Event::Visit(attempt, visit) => people::visit(self, attempt, visit),
            Event::StorageWorks => {
                self.host.database.set_outage(None);
                self.tell("storage", || "works again".to_owned());
                Ok(())
            }
            Event::Nudge => operator::nudge(self),
            Event::DayEnds => {
                self.stats.count("mailbox-days");
                invariants::end_of_day(self)
            }
            Event::PeopleLook => {
                if !self.is_healed {
                    operator::heal(self);
                }
                self.queue.push(self.clock.elapsed + HOUR, Event::PeopleLook);
                people::look(self)
            }
        }
    }

    fn happen(&mut self, happening: &Happening) -> Result<(), Violation> {
        let elapsed = self.clock.elapsed;
        match *happening {
            Happening::Post(post) => erp::post(self, post, 0),
            Happening::PostAgain(number) => erp::post_again(self, number),
            Happening::Cancel(number) => erp::cancel(self, number),
            Happening::Retry { number, accept_duplicate, only_refused } => {
                erp::retry(self, number, accept_duplicate, only_refused)
            }
            Happening::SignIn(sign_in) => people::sign_in(self, sign_in),
            Happening::Save(change) => people::save(self, change),
            Happening::Remove => people::remove(self),
            Happening::CheckAgain => people::check_again(self),
            Happening::Seen => people::seen(self),
            Happening::AskApproval(asked) => people::ask_approval(self, asked),
            Happening::TestServer(passes) => people::test_server(self, passes),
            Happening::Deploy => {
                operator::deploy(self);
                Ok(())
            }
            Happening::Limits(limits) => {
                operator::change_limits(self, limits);
                Ok(())
            }
            Happening::ClockJump(ms) => {
                host::set_clock(self, ms);
                Ok(())
            }
            Happening::Crash(effects) => {
                self.host.crash_in = Some(effects);
                Ok(())
            }
            Happening::AlarmsRefused(times) => {
                self.host.alarms_refused = times;
                Ok(())
            }
            Happening::Storage(fault) => {
                self.host.database.arm(fault);
                Ok(())
            }
            Happening::StorageOutage(error, ms) => {
                self.host.database.set_outage(Some(error));
                self.tell("storage", || format!("refuses everything for {} s: {error:?}", ms / SECOND));
                self.stats.count("storage outages");
                self.queue.push(elapsed + ms, Event::StorageWorks);
                Ok(())
            }
            Happening::Graph(mood, ms) => {
                self.graph = Mood { now: mood, since: elapsed, until: elapsed + ms };
                self.watch.outage_begins();
                if self.kind() == Kind::GraphOAuth2 {
                    self.tell("Graph", || format!("{mood:?} for {} min", ms / (60 * SECOND)));
                }
                Ok(())
            }
            Happening::Smtp(mood, ms) => {
                self.smtp = Mood { now: mood, since: elapsed, until: elapsed + ms };
                if self.kind() != Kind::GraphOAuth2 {
                    self.tell("SMTP", || format!("{mood:?} for {} min", ms / (60 * SECOND)));
                }
                Ok(())
            }
            Happening::Entra(mood, ms) => {
                self.entra = Mood { now: mood, since: elapsed, until: elapsed + ms };
                self.tell("Entra", || format!("{mood:?} for {} min", ms / (60 * SECOND)));
                Ok(())
            }
            Happening::KvFails(ms) => {
                self.kv.fails_until = elapsed + ms;
                Ok(())
            }
        }
    }

    /// How the mailbox sends now.
    pub(crate) fn kind(&self) -> Kind {
        self.people.settings.kind
    }

    /// Everything outside is fine from now on.
    pub(crate) fn make_fine(&mut self) {
        let elapsed = self.clock.elapsed;
        self.graph = Mood { since: elapsed, until: elapsed, ..self.graph };
        self.smtp = Mood { since: elapsed, until: elapsed, ..self.smtp };
        self.entra = Mood { since: elapsed, until: elapsed, ..self.entra };
        self.kv.fails_until = elapsed;
    }

    /// Since when everything outside that this mailbox needs has been fine.
    pub(crate) fn fine_since(&self) -> i64 {
        let by_smtp = self.smtp.fine_since();
        match self.kind() {
            Kind::GraphOAuth2 => self.graph.fine_since().max(self.entra.fine_since()),
            Kind::SmtpOAuth2 => by_smtp.max(self.entra.fine_since()),
            Kind::SmtpBasic => by_smtp,
        }
    }

    /// Adds a line to the story.
    pub(crate) fn tell(&mut self, who: &str, what: impl FnOnce() -> String) {
        self.story.tell(self.clock.now(), who, what);
    }

    /// Randomness for one thing, which depends on nothing else.
    pub(crate) fn dice(&self, what: &str, parts: &[u64]) -> Random {
        Random::of(self.plan.seed, what, parts)
    }

    fn finish_stats(&mut self) {
        let refusals = self.host.database.refusals();
        self.stats.add("storage refusals", refusals);
        self.stats.count("worlds");
    }
}
