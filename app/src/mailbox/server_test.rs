//! A test of the mail server: what it has reached, and how it ended.

use api::{TestFailure, TestLine, TestStep};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_i18n::td_string;

use super::Desk;
use super::desk::Retry;
use crate::browser::announce::announce;
use crate::browser::http;

/// The last test, or the one under way.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TestRun {
    pub(crate) busy: bool,
    pub(crate) plan: Vec<TestStep>,
    pub(crate) reached: Vec<TestStep>,
    pub(crate) end: Option<End>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    Passed,
    Failed(Box<TestFailure>),
    /// The answer broke off.
    Cut,
}

/// How far one step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Waiting,
    Doing,
    Done,
    Failed,
}

impl TestRun {
    /// Whether there is anything to show.
    pub(crate) fn has_begun(&self) -> bool {
        self.busy || self.end.is_some()
    }

    pub(crate) fn progress(&self, step: TestStep) -> Progress {
        match &self.end {
            Some(End::Failed(failure)) if failure.step == step => Progress::Failed,
            _ if self.reached.contains(&step) => Progress::Done,
            None if self.plan.iter().find(|planned| !self.reached.contains(planned)) == Some(&step) => {
                Progress::Doing
            }
            _ => Progress::Waiting,
        }
    }

    fn hear(&mut self, line: TestLine) {
        match line {
            TestLine::Plan(plan) => self.plan = plan,
            TestLine::Step(step) => self.reached.push(step),
            TestLine::Passed { .. } => self.end = Some(End::Passed),
            TestLine::Failed(failure) => self.end = Some(End::Failed(failure)),
        }
    }
}

/// The Test button.
pub(crate) fn start(desk: Desk) {
    if desk.test.with_untracked(|run| run.busy) {
        return;
    }
    desk.test.set(TestRun { busy: true, ..TestRun::default() });
    spawn_local(async move {
        let path = format!("/api/mailboxes/{}/test", desk.mailbox);
        let heard = http::lines(&path, |line| {
            desk.test.try_update(|run| run.hear(line));
        })
        .await;
        if desk.is_gone() {
            return;
        }
        let begun = desk.test.with_untracked(|run| !run.plan.is_empty());
        match heard {
            Err(trouble) if !begun => {
                desk.test.set(TestRun::default());
                return desk.trouble(trouble, Retry::TestServer);
            }
            Ok(()) | Err(_) => desk.test.update(|run| {
                run.busy = false;
                run.end.get_or_insert(End::Cut);
            }),
        }
        announce(end_in_words(desk));
        // What it found may have changed the state.
        desk.fetch(false);
    });
}

fn end_in_words(desk: Desk) -> &'static str {
    let locale = desk.language.get_untracked();
    desk.test.with_untracked(|run| match &run.end {
        Some(End::Passed) => td_string!(locale, status.test.passed),
        Some(End::Failed(failure)) => crate::words::test::step(locale, failure.step, Progress::Failed),
        Some(End::Cut) | None => td_string!(locale, status.test.cut),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_go_from_waiting_to_done_one_by_one() {
        use TestStep::{Connected, Greeted, Tls};
        let mut run = TestRun { busy: true, ..TestRun::default() };
        run.hear(TestLine::Plan(vec![Connected, Greeted, Tls]));
        run.hear(TestLine::Step(Connected));
        let progress = |run: &TestRun| [Connected, Greeted, Tls].map(|step| run.progress(step));
        assert_eq!(progress(&run), [Progress::Done, Progress::Doing, Progress::Waiting]);
        run.end = Some(End::Cut);
        assert_eq!(progress(&run), [Progress::Done, Progress::Waiting, Progress::Waiting]);
    }
}
