//! What will happen to a mailbox: a list of decisions that a seed makes, which is run and, when it fails, shrunk.

use api::Kind;
use gateway::outbox::Limits;

use crate::database::{StorageError, StorageFault};
use crate::entra::EntraMood;
use crate::graph::GraphMood;
use crate::random::Random;
use crate::smtp_server::SmtpMood;

pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// One decision, at a time in milliseconds since the beginning.
#[derive(Clone, Debug)]
pub struct Planned {
    /// When.
    pub at: i64,
    /// What.
    pub what: Happening,
}

/// What somebody or something does.
#[derive(Clone, Debug)]
pub enum Happening {
    /// The ERP posts a message.
    Post(Post),
    /// The ERP posts a message once more, with the same idempotency key, without having been refused.
    PostAgain(u32),
    /// The ERP cancels a message.
    Cancel(u32),
    /// The ERP wants a message sent again.
    Retry {
        /// Which.
        number: u32,
        /// Whether it minds a second copy less than a missing one.
        accept_duplicate: bool,
        /// To those alone who were refused.
        only_refused: bool,
    },
    /// An employee signs in.
    SignIn(SignIn),
    /// An employee saves other settings.
    Save(Change),
    /// An employee removes the sign-in.
    Remove,
    /// An employee asks to try held messages again.
    CheckAgain,
    /// An employee has seen what was refused.
    Seen,
    /// An employee asks an administrator, or no longer does.
    AskApproval(bool),
    /// An employee tests the mail server; whether it lets the test in.
    TestServer(bool),
    /// The operator deploys another version.
    Deploy,
    /// The operator changes the limits.
    Limits(Limits),
    /// The clock is set.
    ClockJump(i64),
    /// The instance dies after so many effects.
    Crash(u32),
    /// The next so many tries to set the alarm are refused.
    AlarmsRefused(u32),
    /// Storage refuses once.
    Storage(StorageFault),
    /// Storage refuses for so long.
    StorageOutage(StorageError, i64),
    /// Graph is like that for so long.
    Graph(GraphMood, i64),
    /// The mail server is like that for so long.
    Smtp(SmtpMood, i64),
    /// Entra is like that for so long.
    Entra(EntraMood, i64),
    /// KV fails for so long.
    KvFails(i64),
}

/// A message that the ERP posts.
#[derive(Clone, Copy, Debug)]
pub struct Post {
    /// Which one; the same in every post of it.
    pub number: u32,
    /// To how many.
    pub recipients: u32,
    /// Whether it comes with an idempotency key.
    pub keyed: bool,
    /// How long it is not to leave.
    pub scheduled_ms: Option<i64>,
    /// Chunks that are staged first; none when it fits into one.
    pub chunks: u32,
    /// Whether the answer gets lost on its way to the ERP.
    pub answer_lost: bool,
    /// How long the ERP waits before it posts again after an error.
    pub patience_ms: i64,
}

/// A sign-in by an employee.
#[derive(Clone, Copy, Debug)]
pub struct SignIn {
    /// How long the page at Microsoft is open.
    pub thinks_ms: i64,
    /// How long redeeming the code takes.
    pub redeem_ms: i64,
    /// When a confirmation is needed: after how long the person answers, if ever.
    pub confirms_after_ms: Option<i64>,
    /// Whether a confirmation is needed.
    pub needs_confirmation: bool,
    /// Whether the person says no at Microsoft.
    pub refuses: bool,
}

impl SignIn {
    /// As somebody signs in who wants to.
    pub(crate) const PLAIN: Self = Self {
        thinks_ms: 20 * SECOND,
        redeem_ms: SECOND,
        confirms_after_ms: Some(10 * SECOND),
        needs_confirmation: false,
        refuses: false,
    };
}

/// Settings that an employee changes.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// How the mailbox sends.
    Kind(Kind),
    /// Its address.
    Address(u32),
    /// Its mail server, without a new password.
    Server(u32),
    /// The password of the mail server.
    Password,
    /// Whether what is unknown is sent again.
    RepeatUnknown(bool),
    /// Whether it sends by somebody else's right.
    Shared(bool),
    /// How long content is kept, in days.
    ContentDays(u16),
}

/// A whole world: what it is like, and what happens in it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Decides everything that the list does not, one thing independent of another.
    pub seed: u64,
    /// How the mailbox sends at first.
    pub kind: Kind,
    /// Whether the mailbox is signed in, or has its password, from the beginning.
    pub connected: bool,
    /// Whether there is a nightly nudge.
    pub nudges: bool,
    /// For how many days things happen.
    pub days: i64,
    /// What happens, in order.
    pub happenings: Vec<Planned>,
}

impl Plan {
    /// The plan of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = Random::of(seed, "plan", &[]);
        let kind = random.weighted(&[(5, Kind::GraphOAuth2), (3, Kind::SmtpOAuth2), (3, Kind::SmtpBasic)]);
        // How many days of a hundred anything happens on.
        let active = random.weighted(&[(5, 100), (3, 40), (2, 10)]);
        let days = random.between(10, 60) * if active < 50 { 3 } else { 1 };
        let mut plan = Self {
            seed,
            kind,
            connected: random.percent(90),
            nudges: random.percent(50),
            days,
            happenings: Vec::new(),
        };
        let mut posts = Posts::new(&mut random);
        for day in 0..days {
            if !random.percent(active) {
                continue;
            }
            // Most of a day happens within a few hours, so that things meet.
            let busy_at = day * DAY + random.between(7 * HOUR, 18 * HOUR);
            posts.of_a_day(day, busy_at, &mut random, &mut plan.happenings);
            others_of_a_day(day, busy_at, kind, &mut random, &mut plan.happenings);
        }
        if random.percent(8) {
            plan.neglect(&mut random);
        }
        plan.happenings.sort_by_key(|planned| planned.at);
        plan
    }
}

impl Plan {
    /// Nobody looks after the mailbox for months, and one thing stays wrong.
    fn neglect(&mut self, random: &mut Random) {
        self.days = random.between(40, 75);
        let nobody = |what: &Happening| {
            matches!(what, Happening::Post(_) | Happening::Crash(_) | Happening::Storage(_) | Happening::Seen)
        };
        self.happenings.retain(|planned| nobody(&planned.what));
        let lasts = self.days * DAY;
        let (row, smtp) = (random.draw().to_le_bytes()[0], random.pick(&SmtpMood::LASTING));
        let entra =
            random.pick(&[EntraMood::AsksAdministrator, EntraMood::RefusesSecret, EntraMood::EndsGrant]);
        let graph =
            random.pick(&[GraphMood::Refuses(row), GraphMood::Refuses(row), GraphMood::Throttles(3600)]);
        let at = random.between(HOUR, 10 * DAY);
        let what = match random.below(3) {
            0 if self.kind.signs_in() => Happening::Entra(entra, lasts),
            _ if self.kind == Kind::GraphOAuth2 => Happening::Graph(graph, lasts),
            _ => Happening::Smtp(smtp, lasts),
        };
        self.happenings.push(Planned { at, what });
    }
}

/// How one ERP posts.
struct Posts {
    number: u32,
    a_day: u64,
    recipients_max: u32,
    keyed_percent: u64,
}

impl Posts {
    fn new(random: &mut Random) -> Self {
        Self {
            number: 0,
            a_day: random.weighted(&[(6, 1), (4, 4), (2, 10), (1, 30)]),
            recipients_max: random.weighted(&[(6, 3), (2, 20), (1, 300)]),
            keyed_percent: random.pick(&[0, 50, 100]),
        }
    }

    fn of_a_day(&mut self, day: i64, busy_at: i64, random: &mut Random, happenings: &mut Vec<Planned>) {
        let count = if random.percent(30) { 0 } else { random.below(self.a_day * 2) };
        let in_burst = random.percent(50);
        for n in 0..count {
            let at = if in_burst {
                busy_at + i64::try_from(n).unwrap_or_default() * random.between(50, 3 * SECOND)
            } else {
                around(day, busy_at, random)
            };
            let post = self.post(random);
            happenings.push(Planned { at, what: Happening::Post(post) });
            Self::afterwards(post, at, random, happenings);
        }
    }

    fn post(&mut self, random: &mut Random) -> Post {
        self.number += 1;
        let many = random.percent(15);
        let recipients = if many { random.below(u64::from(self.recipients_max)) } else { random.below(2) };
        Post {
            number: self.number,
            recipients: 1 + u32::try_from(recipients).unwrap_or_default(),
            keyed: random.percent(self.keyed_percent),
            scheduled_ms: random.percent(5).then(|| random.between(MINUTE, 20 * DAY)),
            chunks: if random.percent(8) {
                2 + u32::try_from(random.below(3)).unwrap_or_default()
            } else {
                0
            },
            answer_lost: random.percent(5),
            patience_ms: random.weighted(&[(6, 2 * SECOND), (3, 5 * MINUTE), (1, 3 * DAY)]),
        }
    }

    /// What the ERP does with the message later.
    fn afterwards(post: Post, at: i64, random: &mut Random, happenings: &mut Vec<Planned>) {
        let number = post.number;
        if post.keyed && random.percent(5) {
            let at =
                at + random.weighted(&[(3, SECOND), (3, HOUR), (2, 5 * DAY), (2, 12 * DAY), (1, 25 * DAY)]);
            happenings.push(Planned { at, what: Happening::PostAgain(number) });
        }
        if random.percent(4) {
            let at = at + random.weighted(&[(3, 500), (3, 10 * SECOND), (3, HOUR), (2, 2 * DAY)]);
            happenings.push(Planned { at, what: Happening::Cancel(number) });
        }
        if random.percent(6) {
            let at = at + random.weighted(&[(2, 30 * SECOND), (3, HOUR), (3, DAY), (1, 10 * DAY)]);
            let (accept_duplicate, only_refused) = (random.percent(50), random.percent(20));
            happenings
                .push(Planned { at, what: Happening::Retry { number, accept_duplicate, only_refused } });
        }
    }
}

/// A moment of a day, most often of its busy hours.
fn around(day: i64, busy_at: i64, random: &mut Random) -> i64 {
    match random.below(4) {
        0 => day * DAY + random.between(0, DAY),
        1 => busy_at + random.between(-MINUTE, 2 * MINUTE),
        _ => busy_at + random.between(-20 * MINUTE, 2 * HOUR),
    }
}

/// What everybody but the ERP does on one day.
fn others_of_a_day(day: i64, busy_at: i64, kind: Kind, random: &mut Random, happenings: &mut Vec<Planned>) {
    if random.below(1000) < 20 && kind.signs_in() {
        // Somebody removes, or signs in again, while somebody else signs in.
        let (first, second, at) = (sign_in(random), sign_in(random), around(day, busy_at, random));
        let then = at + first.thinks_ms + random.between(0, first.redeem_ms);
        let what = if random.percent(50) { Happening::Remove } else { Happening::SignIn(second) };
        happenings.push(Planned { at, what: Happening::SignIn(first) });
        happenings.push(Planned { at: then, what });
    }
    if random.below(1000) < 30 && kind.signs_in() {
        // Somebody signs in anew while an answer to the tokens of before is still to come.
        let (row, at) = (random.draw().to_le_bytes()[0], busy_at - SECOND);
        let what = if random.percent(50) {
            Happening::Graph(GraphMood::RefusesLate(row), 2 * MINUTE)
        } else {
            Happening::Entra(EntraMood::EndsGrantLate, 2 * MINUTE)
        };
        happenings.push(Planned { at, what });
        happenings.push(Planned { at: at - 9 * SECOND, what: Happening::SignIn(SignIn::PLAIN) });
    }
    let mut add = |chance: u64, random: &mut Random, what: &dyn Fn(&mut Random) -> Happening| {
        if random.below(1000) < chance {
            let at = around(day, busy_at, random);
            happenings.push(Planned { at, what: what(random) });
        }
    };
    add(if kind == Kind::SmtpBasic { 5 } else { 120 }, random, &|random| Happening::SignIn(sign_in(random)));
    add(50, random, &|random| Happening::Save(change(kind, random)));
    add(10, random, &|_| Happening::Remove);
    add(80, random, &|_| Happening::CheckAgain);
    add(30, random, &|_| Happening::Seen);
    add(10, random, &|random| Happening::AskApproval(random.percent(60)));
    add(if kind == Kind::SmtpBasic { 30 } else { 3 }, random, &|random| {
        Happening::TestServer(random.percent(60))
    });
    add(20, random, &|_| Happening::Deploy);
    add(15, random, &|random| Happening::Limits(limits(random)));
    add(4, random, &|random| {
        Happening::ClockJump(random.weighted(&[(4, -2 * HOUR), (3, 2 * HOUR), (2, 40 * DAY), (1, 800 * DAY)]))
    });
    for chance in [200, 100, 100] {
        add(chance, random, &|random| Happening::Crash(u32::try_from(random.below(8)).unwrap_or_default()));
        add(chance, random, &|random| Happening::Storage(fault(random)));
    }
    add(30, random, &|random| {
        Happening::AlarmsRefused(1 + u32::try_from(random.below(3)).unwrap_or_default())
    });
    add(15, random, &|random| {
        let error = random.pick(&[StorageError::Full, StorageError::DayQuota, StorageError::Passing]);
        Happening::StorageOutage(error, random.weighted(&[(3, 10 * SECOND), (3, 20 * MINUTE), (2, 9 * HOUR)]))
    });
    add(if kind == Kind::GraphOAuth2 { 500 } else { 20 }, random, &|random| {
        Happening::Graph(GraphMood::any(random), lasts(random))
    });
    add(if kind == Kind::GraphOAuth2 { 20 } else { 500 }, random, &|random| {
        Happening::Smtp(SmtpMood::any(random), lasts(random))
    });
    add(if kind == Kind::SmtpBasic { 5 } else { 150 }, random, &|random| {
        Happening::Entra(EntraMood::any(random), lasts(random))
    });
    add(20, random, &|random| Happening::KvFails(lasts(random)));
}

fn lasts(random: &mut Random) -> i64 {
    random.weighted(&[
        (20, 2 * MINUTE),
        (20, 40 * MINUTE),
        (16, 5 * HOUR),
        (4, 20 * HOUR),
        (2, 62 * HOUR),
        (1, 6 * DAY),
    ])
}

fn sign_in(random: &mut Random) -> SignIn {
    SignIn {
        thinks_ms: random.weighted(&[(6, 20 * SECOND), (2, 4 * MINUTE), (1, 15 * MINUTE)]),
        redeem_ms: random.weighted(&[(6, SECOND), (2, 20 * SECOND), (1, 3 * MINUTE)]),
        confirms_after_ms: random.weighted(&[
            (5, Some(10 * SECOND)),
            (2, Some(8 * MINUTE)),
            (1, Some(25 * MINUTE)),
            (2, None),
        ]),
        needs_confirmation: random.percent(40),
        refuses: random.percent(10),
    }
}

fn change(kind: Kind, random: &mut Random) -> Change {
    let any = random.pick(&[Kind::GraphOAuth2, Kind::SmtpOAuth2, Kind::SmtpBasic]);
    let some = u32::try_from(random.below(3)).unwrap_or_default();
    let (yes, days) = (random.percent(50), random.pick(&[0, 1, 7]));
    let of_a_server = if kind == Kind::SmtpBasic { 4 } else { 1 };
    random.weighted(&[
        (2, Change::Kind(any)),
        (2, Change::Kind(kind)),
        (1, Change::Address(some)),
        (of_a_server, Change::Server(some)),
        (of_a_server * 2, Change::Password),
        (3, Change::RepeatUnknown(yes)),
        (1, Change::Shared(yes)),
        (2, Change::ContentDays(days)),
    ])
}

fn limits(random: &mut Random) -> Limits {
    Limits {
        per_minute: random.pick(&[0, 1, 2, 5, 30]),
        recipients_per_day: random.pick(&[0, 20, 200, 10_000]),
    }
}

fn fault(random: &mut Random) -> StorageFault {
    let error = random.pick(&[StorageError::Full, StorageError::DayQuota, StorageError::Passing]);
    if random.percent(20) {
        StorageFault::Commit(error)
    } else {
        StorageFault::Statement(u32::try_from(random.below(12)).unwrap_or_default(), error)
    }
}
