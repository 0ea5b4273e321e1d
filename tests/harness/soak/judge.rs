//! What became of the messages of one kill, by the sandbox's ledger.

use std::collections::BTreeMap;
use std::time::Duration;

use api::{Code, MessageId, MessageState, MessageView};
use tokio::time::sleep;

use super::kill::{Posted, Round};
use super::phase::{HOLD_MS, Phase};
use super::{Report, Way};
use crate::company::Company;

pub(super) async fn judge(
    company: &Company<'_>,
    round: &Round,
    (posted, ended): (&[Posted], &[MessageView]),
    waited: &[MessageId],
    report: &mut Report,
) {
    let arrived = arrivals(company).await;
    let mut unknown = 0;
    let row = report.row(round.way, round.phase);
    row.accepted += ended.len();
    let mut wrong = Vec::new();
    for (one, view) in posted.iter().zip(ended) {
        let subject = &one.message.subject;
        let copies = arrived.get(subject).copied().unwrap_or_default();
        match view.state {
            MessageState::HandedOver => row.handed_over += 1,
            MessageState::Unknown => {
                unknown += 1;
                let code = view.failure.as_ref().map(|failure| failure.code);
                if code != Some(Code::OutcomeUnknown) || view.attempt_log.is_empty() {
                    wrong.push(format!("{subject} is unknown for no stated reason: {view:?}"));
                }
            }
            state => wrong.push(format!("{subject} ended {state:?}: {:?}", view.failure)),
        }
        if copies == 0 && view.state != MessageState::Unknown {
            row.lost += 1;
            wrong.push(format!("lost: {subject}, {view:?}"));
        }
        if waited.contains(&view.id) && view.state != MessageState::HandedOver {
            wrong.push(format!("{subject} had not begun, and ended {:?}", view.state));
        }
    }
    row.unknown += unknown;
    let expected = round.phase.unknowns(round.way);
    if !expected.contains(&unknown) {
        wrong.push(format!(
            "{:?} {:?}: {unknown} unknown after one kill, not {expected:?}: {ended:#?}",
            round.way, round.phase
        ));
    }
    report.wrong.extend(wrong);
}

/// Whatever arrived of these has that file, whole.
pub(super) async fn judge_files(company: &Company<'_>, posted: &[Posted], file: &[u8], report: &mut Report) {
    let sandbox = &company.stack.sandbox;
    for mail in sandbox.ledger(&company.account).await {
        if posted.iter().any(|one| one.message.subject == mail.subject)
            && sandbox.first_file(&mail).await != file
        {
            report.wrong.push(format!("another file than was posted: {}", mail.subject));
        }
    }
}

/// A last look at everything that ever arrived: also what came late came once.
pub(super) async fn nothing_twice(company: &Company<'_>, way: Way, phase: Phase, report: &mut Report) {
    sleep(Duration::from_millis(HOLD_MS)).await;
    for (subject, copies) in arrivals(company).await {
        if copies > 1 {
            report.row(way, phase).duplicated += 1;
            report.wrong.push(format!("sent {copies} times: {subject}"));
        }
    }
}

async fn arrivals(company: &Company<'_>) -> BTreeMap<String, usize> {
    let mut arrived = BTreeMap::new();
    for mail in company.stack.sandbox.ledger(&company.account).await {
        *arrived.entry(mail.subject).or_default() += 1;
    }
    arrived
}
