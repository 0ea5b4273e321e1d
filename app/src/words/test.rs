//! Words for a test of the mail server.

use api::{Code, TestFailure, TestStep};
use leptos_i18n::td_string;

use super::problem;
use crate::i18n::Locale;
use crate::mailbox::server_test::Progress;

macro_rules! of_step {
    ($locale:ident, $step:ident, $form:ident) => {
        match $step {
            TestStep::Relay => td_string!($locale, status.test.$form.relay),
            TestStep::Connected => td_string!($locale, status.test.$form.connected),
            TestStep::Tls => td_string!($locale, status.test.$form.tls),
            TestStep::Greeted => td_string!($locale, status.test.$form.greeted),
            TestStep::SignedIn => td_string!($locale, status.test.$form.signed_in),
        }
    };
}

pub(crate) fn step(locale: Locale, step: TestStep, progress: Progress) -> &'static str {
    match progress {
        Progress::Waiting | Progress::Doing => of_step!(locale, step, doing),
        Progress::Done => of_step!(locale, step, done),
        Progress::Failed => of_step!(locale, step, failed),
    }
}

/// What to do about a step that did not go well.
pub(crate) fn fix(locale: Locale, failure: &TestFailure) -> String {
    let step = failure.step;
    match failure.trouble.code {
        // Waiting, which helps a message, does not help settings that are wrong.
        Code::ServerUnavailable => of_step!(locale, step, fix).to_owned(),
        code => {
            let (sentence, step) = problem::why(locale, code, failure.trouble.reason);
            format!("{sentence} {step}")
        }
    }
}
