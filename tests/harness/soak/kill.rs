//! Kills the process that hosts the objects while mail is on its way.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use api::{MessageId, MessageState, MessageView, SendMessage, Timestamp};
use futures_util::future::join_all;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::judge::{judge, judge_files, nothing_twice};
use super::phase::{ANSWER_MS, Phase};
use super::{Report, Way};
use crate::company::Company;
use crate::http::Answer;
use crate::message::{attachment, letter, pdf};
use crate::stack::{Options, Stack, kill};
use crate::time::until;

/// One message, from when it was first posted.
pub(super) struct Posted {
    pub(super) message: SendMessage,
    pub(super) id: Option<MessageId>,
}

/// One kill.
pub(super) struct Round {
    pub(super) way: Way,
    pub(super) phase: Phase,
    number: usize,
}

/// Kills that often in each phase, and waits each time until every message has come to its end.
pub async fn kill_in_every_phase(way: Way, kills: usize) -> Report {
    // Its own: everything of it goes down.
    let stack = Stack::start(Options::default()).await;
    let mut report = Report::default();
    for phase in Phase::ALL {
        let begun = Instant::now();
        let company = match way {
            Way::Graph => Company::signed_in(&stack, "soak").await,
            Way::Smtp => Company::by_smtp(&stack, "soak").await,
        };
        let mut number = 0;
        while report.row(way, phase).kills < kills {
            kill_once(&company, &Round { way, phase, number }, &mut report).await;
            number += 1;
        }
        nothing_twice(&company, way, phase, &mut report).await;
        report.row(way, phase).took += begun.elapsed();
    }
    report
}

/// Counts the kill when it hit the phase; what became of the messages is judged in any case.
async fn kill_once(company: &Company<'_>, round: &Round, report: &mut Report) {
    let stack = company.stack;
    let held = match round.phase.order(round.way, round.number) {
        Some(action) => {
            let at = if round.way == Way::Graph { "send_mail" } else { "smtp" };
            let order = json!({ "at": at, "account": company.account.upn, "times": null, "do": action });
            Some(stack.sandbox.fault(order).await)
        }
        None => None,
    };
    let file = round.phase.file_bytes(round.way, round.number).map(pdf);
    let new = |n| new(company, round, file.as_deref(), n);
    let mut posted: Vec<Posted> = (0..round.phase.load()).map(new).collect();
    let host = stack.host_of_objects();
    let waited = match held {
        None => {
            // Some of them will never hear an answer.
            tokio::join!(post_all(company, &mut posted), async {
                sleep(Duration::from_millis(10 + 10 * (round.number as u64 % 20))).await;
                kill(host);
            });
            Vec::new()
        }
        Some(_) if round.phase == Phase::Recording => {
            let before = stack.sandbox.ledger(&company.account).await.len();
            post_all(company, &mut posted).await;
            when_answered(company, before, round.number).await;
            kill(host);
            Vec::new()
        }
        Some(order) => {
            post_all(company, &mut posted).await;
            release_all(company, &posted).await;
            let waited = when_all_are_held(company, round, order).await;
            kill(host);
            waited
        }
    };
    // One that came when all had been staged was none of this phase.
    let hit = held.is_some() || posted.iter().any(|one| one.id.is_none());
    report.row(round.way, round.phase).kills += usize::from(hit);
    if let Some(order) = held {
        stack.sandbox.call_off(order).await;
    }
    stack.until_well().await;
    sleep(round.phase.haunted(round.way)).await;
    // Whoever heard nothing asks again, with the same key.
    until("every message is accepted", async || {
        post_all(company, &mut posted).await;
        posted.iter().all(|one| one.id.is_some()).then_some(())
    })
    .await;
    if round.phase == Phase::Staging {
        release_all(company, &posted).await;
    }
    let ended = ends(company, &posted).await;
    judge(company, round, (&posted, &ended), &waited, report).await;
    if let Some(file) = file.filter(|_| round.phase == Phase::Staging) {
        // What was staged in two halves, of which a kill may have taken one.
        judge_files(company, &posted, &file, report).await;
    }
}

fn new(company: &Company<'_>, round: &Round, file: Option<&[u8]>, n: usize) -> Posted {
    let subject = format!("{:?} {} {n}", round.phase, round.number);
    let mut message = letter(&company.account.upn, &subject);
    message.attachments.extend(file.map(|bytes| attachment("factuur.pdf", bytes)));
    message.idempotency_key = Some(subject);
    // Large ones take their time to be posted; they are to begin together, and not before the last one is there.
    let later = matches!(round.phase, Phase::Staging | Phase::BodyGoing);
    let in_an_hour =
        i64::try_from(since_1970().as_millis()).map(|ms| Timestamp::from_millis(ms).plus_seconds(3600));
    message.scheduled_at = in_an_hour.ok().filter(|_| later);
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

/// Lets those go that wait for a time of their own.
async fn release_all(company: &Company<'_>, posted: &[Posted]) {
    let later = posted.iter().filter(|one| one.message.scheduled_at.is_some());
    let released = later.filter_map(|one| one.id).map(|id| async move {
        let path = format!("/v1/messages/{id}/retry");
        Answer::to(company.stack.with_key("POST", &path, &company.key).json(&json!({}))).await.expect(202);
    });
    join_all(released).await;
}

/// Waits until Microsoft holds as many messages as a mailbox has under way; which others wait for their turn then.
async fn when_all_are_held(company: &Company<'_>, round: &Round, order: u64) -> Vec<MessageId> {
    let lanes = round.way.lanes();
    until("all turns are taken, and held", async || {
        if company.stack.sandbox.hits(order).await < lanes {
            return None;
        }
        let views = company.newest(round.phase.load()).await;
        let of = |state| views.iter().filter(move |view| view.state == state).map(|view| view.id);
        (of(MessageState::Sending).count() == lanes).then(|| of(MessageState::Queued).collect())
    })
    .await
}

/// Waits until about when the first answers come: in some rounds just before, in others just after.
async fn when_answered(company: &Company<'_>, before: usize, number: usize) {
    let first = until("Microsoft has one", async || {
        company.stack.sandbox.ledger(&company.account).await.get(before).map(|mail| mail.at)
    })
    .await;
    let since = Duration::from_millis(first.millis().unsigned_abs());
    let moment = since + Duration::from_millis(ANSWER_MS - 10 + 10 * (7 * number as u64 % 10));
    sleep(moment.saturating_sub(since_1970())).await;
}

fn since_1970() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a moment that the sandbox told is to be met")]
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

async fn ends(company: &Company<'_>, posted: &[Posted]) -> Vec<MessageView> {
    until("every message has come to its end", async || {
        let views = company.newest(posted.len()).await;
        let all = views.len() == posted.len() && views.iter().all(|view| view.state.is_final());
        all.then_some(())
    })
    .await;
    join_all(posted.iter().filter_map(|one| one.id).map(|id| company.look(id))).await
}
