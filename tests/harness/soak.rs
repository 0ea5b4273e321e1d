//! Kills the process that hosts the objects while mail is on its way, and counts what became of every message.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use api::{MessageId, MessageState, MessageView, SendMessage};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::company::Company;
use crate::http::Answer;
use crate::message::{attachment, letter, pdf};
use crate::stack::{Options, Stack};
use crate::time::until;

/// Where a message is when everything around it dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// The request is coming in, or being sealed.
    Staging,
    /// It was accepted, and waits for its turn.
    Committed,
    /// Its bytes are on their way to Microsoft.
    BodyGoing,
    /// Microsoft has it, and has not said so.
    AwaitingReply,
    /// Microsoft has just said so.
    Recording,
}

impl Phase {
    const ALL: [Self; 5] =
        [Self::Staging, Self::Committed, Self::BodyGoing, Self::AwaitingReply, Self::Recording];

    /// What Microsoft does to make the phase long enough to hit.
    fn fault(self) -> Option<Value> {
        let action = match self {
            Self::BodyGoing => json!({ "delay_ms": 1500 }),
            Self::Committed | Self::AwaitingReply => json!({ "delay_answer_ms": 1500 }),
            Self::Staging | Self::Recording => return None,
        };
        Some(json!({ "at": "send_mail", "times": null, "do": action }))
    }
}

/// What became of everything.
#[derive(Debug, Default)]
pub struct Report {
    kills: BTreeMap<Phase, usize>,
    accepted: usize,
    handed_over: usize,
    unknown: usize,
    /// Accepted, and neither arrived nor explained.
    lost: Vec<String>,
    /// Arrived more than once.
    duplicated: Vec<String>,
    /// Another end than the phase allows.
    wrong: Vec<String>,
    took: Duration,
}

impl Report {
    /// Fails when anything was lost, sent twice or explained wrongly.
    pub fn must_be_right(&self) {
        assert!(self.lost.is_empty(), "lost: {:#?}", self.lost);
        assert!(self.duplicated.is_empty(), "sent twice: {:#?}", self.duplicated);
        assert!(self.wrong.is_empty(), "{:#?}", self.wrong);
        assert_eq!(self.accepted, self.handed_over + self.unknown);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (phase, kills) in &self.kills {
            writeln!(f, "{kills:>6} kills, {phase:?}")?;
        }
        writeln!(f, "{:>6} messages accepted", self.accepted)?;
        writeln!(f, "{:>6} handed over", self.handed_over)?;
        writeln!(f, "{:>6} unknown", self.unknown)?;
        writeln!(f, "{:>6} lost", self.lost.len())?;
        writeln!(f, "{:>6} sent twice", self.duplicated.len())?;
        write!(f, "{:>6} s", self.took.as_secs())
    }
}

/// Messages of one round.
const LOAD: usize = 8;

/// One message, from when it was first posted.
struct Posted {
    message: SendMessage,
    id: Option<MessageId>,
}

/// Kills that often in each phase, and waits each time until every message has come to its end.
pub async fn kill_in_every_phase(kills: usize) -> Report {
    let begun = Instant::now();
    // Its own: everything of it goes down.
    let stack = Stack::start(Options::default()).await;
    let company = Company::signed_in(&stack, "soak").await;
    let mut report = Report::default();
    for phase in Phase::ALL {
        for round in 0..kills {
            kill_once(&company, phase, round, &mut report).await;
        }
    }
    report.took = begun.elapsed();
    report
}

async fn kill_once(company: &Company<'_>, phase: Phase, round: usize, report: &mut Report) {
    let stack = company.stack;
    let before = company.mails().await.len();
    let fault = match phase.fault() {
        Some(order) => Some(stack.sandbox.fault(order).await),
        None => None,
    };
    let mut posted: Vec<Posted> = (0..LOAD).map(|n| new(company, phase, round, n)).collect();
    let waited = if phase == Phase::Staging {
        // Some of them will never hear an answer.
        tokio::join!(post_all(company, &mut posted), async {
            sleep(Duration::from_millis(20 + 15 * (round as u64 % 10))).await;
            stack.kill_objects();
        });
        Vec::new()
    } else {
        post_all(company, &mut posted).await;
        let waited = in_phase(company, phase, &posted, before, fault).await;
        stack.kill_objects();
        waited
    };
    *report.kills.entry(phase).or_default() += 1;
    if let Some(fault) = fault {
        stack.sandbox.call_off(fault).await;
    }
    stack.until_well().await;
    // Whoever heard nothing asks again, with the same key.
    until("every message is accepted", async || {
        post_all(company, &mut posted).await;
        posted.iter().all(|one| one.id.is_some()).then_some(())
    })
    .await;
    let ended = ends(company, &posted).await;
    judge(company, phase, &posted, &ended, &waited, report).await;
}

fn new(company: &Company<'_>, phase: Phase, round: usize, n: usize) -> Posted {
    let subject = format!("{phase:?} {round} {n}");
    let mut message = letter(&company.account.upn, &subject);
    if phase == Phase::Staging {
        // More than one row, so that there is something to be cut through.
        message.attachments.push(attachment("factuur.pdf", &pdf(1_200_000)));
    }
    message.idempotency_key = Some(subject);
    Posted { message, id: None }
}

/// Posts whatever has no id yet.
async fn post_all(company: &Company<'_>, posted: &mut [Posted]) {
    let asked = posted.iter_mut().filter(|one| one.id.is_none()).map(|one| async {
        let request = company.stack.with_key("POST", "/v1/messages", &company.key).json(&one.message);
        if let Ok(answer) = Answer::try_to(request.timeout(Duration::from_secs(20))).await
            && answer.status == 202
        {
            one.id = Some(answer.json::<MessageView>().id);
        }
    });
    join_all(asked).await;
}

/// Waits until the phase has come; which messages are still waiting for their turn then.
async fn in_phase(
    company: &Company<'_>,
    phase: Phase,
    posted: &[Posted],
    before: usize,
    fault: Option<u64>,
) -> Vec<MessageId> {
    let sandbox = &company.stack.sandbox;
    match (phase, fault) {
        (Phase::Committed, _) => {
            until("all turns are taken, and some wait", async || {
                let looks = join_all(posted.iter().filter_map(|one| one.id).map(|id| company.look(id))).await;
                let sending = looks.iter().filter(|view| view.state == MessageState::Sending).count();
                let queued = looks.iter().filter(|view| view.state == MessageState::Queued);
                let queued: Vec<MessageId> = queued.map(|view| view.id).collect();
                (sending == 4 && !queued.is_empty()).then_some(queued)
            })
            .await
        }
        (Phase::BodyGoing, Some(fault)) => {
            until("a body is on its way", async || (sandbox.hits(fault).await > 0).then_some(())).await;
            Vec::new()
        }
        _ => {
            until("Microsoft has one", async || (company.mails().await.len() > before).then_some(())).await;
            Vec::new()
        }
    }
}

async fn ends(company: &Company<'_>, posted: &[Posted]) -> Vec<MessageView> {
    let ids: Vec<MessageId> = posted.iter().filter_map(|one| one.id).collect();
    until("every message has come to its end", async || {
        let views = join_all(ids.iter().map(|id| company.look(*id))).await;
        views.iter().all(|view| view.state.is_final()).then_some(views)
    })
    .await
}

async fn judge(
    company: &Company<'_>,
    phase: Phase,
    posted: &[Posted],
    ended: &[MessageView],
    waited: &[MessageId],
    report: &mut Report,
) {
    let mails = company.mails().await;
    let mut unknown = 0;
    for (one, view) in posted.iter().zip(ended) {
        let subject = &one.message.subject;
        let arrived = mails.iter().filter(|mail| mail.subject == *subject).count();
        report.accepted += 1;
        match view.state {
            MessageState::HandedOver => report.handed_over += 1,
            MessageState::Unknown => unknown += 1,
            state => report.wrong.push(format!("{subject} ended {state:?}: {:?}", view.failure)),
        }
        if arrived == 0 && view.state != MessageState::Unknown {
            report.lost.push(subject.clone());
        }
        if arrived > 1 {
            report.duplicated.push(subject.clone());
        }
        if waited.contains(&view.id) && view.state != MessageState::HandedOver {
            report.wrong.push(format!("{subject} had not begun, and ended {:?}", view.state));
        }
    }
    // No more than were being handed over when it happened.
    if unknown > 4 {
        report.wrong.push(format!("{phase:?}: {unknown} unknown after one kill"));
    }
    report.unknown += unknown;
}
