//! The steps of a test of the mail server, as they happen.

use api::TestStep;
use leptos::prelude::*;

use crate::browser::language::t;
use crate::mailbox::Desk;
use crate::mailbox::server_test::{End, Progress, TestRun};
use crate::parts::icon::ToneIcon;
use crate::words::state::Tone;
use crate::words::test;

/// Nothing until somebody tests.
#[component]
pub(crate) fn ServerTest() -> impl IntoView {
    let desk = Desk::here();
    let begun = Memo::new(move |_| desk.test.with(TestRun::has_begun));
    let steps = Memo::new(move |_| {
        desk.test.with(|run| run.plan.iter().map(|step| (*step, run.progress(*step))).collect::<Vec<_>>())
    });
    let end = Memo::new(move |_| desk.test.with(|run| run.end.clone()));
    let word = move || match end.get() {
        Some(End::Passed) => "passed",
        Some(End::Failed(_)) => "failed",
        Some(End::Cut) => "cut",
        None => "busy",
    };
    view! {
        <Show when=move || begun.get()>
            <div class="test" id="server-test-result" data-end=word>
                <h3>{t!(desk.language, status.test.heading)}</h3>
                <ol class="test__steps">
                    {move || steps.get().into_iter().map(|(step, progress)| view! { <Step step progress/> }).collect_view()}
                </ol>
                {move || end.get().map(|end| view! { <Conclusion end/> })}
            </div>
        </Show>
    }
}

#[component]
fn Step(step: TestStep, progress: Progress) -> impl IntoView {
    let desk = Desk::here();
    let (tone, word) = match progress {
        Progress::Waiting => (Tone::Quiet, "waiting"),
        Progress::Doing => (Tone::Busy, "doing"),
        Progress::Done => (Tone::Good, "done"),
        Progress::Failed => (Tone::Blocked, "failed"),
    };
    let name = serde_json::to_string(&step).unwrap_or_default().trim_matches('"').to_owned();
    view! {
        <li class="test__step" data-step=name data-progress=word data-tone=tone.word()>
            <ToneIcon tone/>
            <span>{move || test::step(desk.language.get(), step, progress)}</span>
        </li>
    }
}

#[component]
fn Conclusion(end: End) -> impl IntoView {
    let desk = Desk::here();
    match end {
        End::Passed => view! { <p>{t!(desk.language, status.test.passed)}</p> }.into_any(),
        End::Cut => view! { <p>{t!(desk.language, status.test.cut)}</p> }.into_any(),
        End::Failed(failure) => {
            let said = failure.trouble.upstream.as_ref().and_then(|upstream| upstream.message.clone());
            let said = said.unwrap_or_else(|| failure.trouble.detail.clone());
            // Where it is what stands in the way of the mailbox, the state above says so already.
            let code = failure.trouble.code;
            let told_above = Memo::new(move |_| {
                desk.view.with(|view| view.trouble.as_ref().is_some_and(|trouble| trouble.code == code))
            });
            let fix = StoredValue::new(*failure);
            let fix = move || fix.with_value(|failure| test::fix(desk.language.get(), failure));
            view! {
                <Show when=move || !told_above.get()>
                    <p id="server-test-fix">{fix}</p>
                </Show>
                <p class="small">{t!(desk.language, status.test.server_said)}" "<q lang="en">{said}</q></p>
            }
            .into_any()
        }
    }
}
