//! The one place where the page says what happened and what to do now.

use api::Code;
use leptos::prelude::*;

use super::desk::{Desk, Notice, Retry};
use crate::browser::language::t;
use crate::browser::page;
use crate::consent::flow;
use crate::parts::details::{Details, Facts};
use crate::parts::icon::ToneIcon;
use crate::settings;
use crate::status;
use crate::words::problem;
use crate::words::state::Tone;

struct Said {
    tone: Tone,
    heading: String,
    sentences: Vec<String>,
    retry: Retry,
}

/// Empty as long as there is nothing to say.
#[component]
pub(crate) fn NoticeBoard() -> impl IntoView {
    let desk = Desk::here();
    move || desk.notice.get().map(|notice| view! { <Told notice/> })
}

#[component]
fn Told(notice: Notice) -> impl IntoView {
    let desk = Desk::here();
    let Said { tone, retry, .. } = untrack(|| say(desk, &notice));
    let (data_code, retry) = (code(&notice), button(desk, &notice, retry));
    let details = details(desk, notice.clone());
    let said = Signal::derive(move || {
        let Said { heading, sentences, .. } = say(desk, &notice);
        (heading, sentences)
    });
    let sentences = move || {
        let sentences = said.get().1.into_iter();
        sentences.map(|text| view! { <p>{text}</p> }).collect_view()
    };
    let close = move |_| {
        desk.notice.set(None);
        page::focus("title");
    };
    view! {
        <section class="notice" id="notice" tabindex="-1" data-tone=tone.word() data-code=data_code>
            <h2 class="notice__heading"><ToneIcon tone/>{move || said.get().0}</h2>
            {sentences}
            <p class="actions">
                {retry}
                <button type="button" class="button button--quiet" id="notice-close" on:click=close>
                    {t!(desk.language, shell.close)}
                </button>
            </p>
            {details}
        </section>
    }
}

fn code(notice: &Notice) -> Option<&'static str> {
    match notice {
        Notice::Trouble { trouble, .. } => trouble.code().map(Code::as_str),
        _ => None,
    }
}

fn say(desk: Desk, notice: &Notice) -> Said {
    let language = desk.language;
    let plain = |tone, heading: &'static str, sentence: String| Said {
        tone,
        heading: heading.to_owned(),
        sentences: vec![sentence],
        retry: Retry::Nothing,
    };
    match notice {
        Notice::Trouble { trouble, retry, .. } => {
            let words = problem::of_trouble(language.get(), trouble);
            let tone = match trouble.code() {
                Some(Code::SettingsChanged | Code::SessionEnded | Code::Throttled | Code::Busy) => {
                    Tone::Attention
                }
                _ => Tone::Blocked,
            };
            let sentences = vec![words.sentence, words.step];
            Said { tone, heading: words.heading.to_owned(), sentences, retry: retry.clone() }
        }
        Notice::NotCompleted { error, .. } if is_ambiguous(error) => Said {
            sentences: vec![
                t!(language, consent.not_completed_lead)().to_owned(),
                t!(language, consent.not_completed_step)().to_owned(),
            ],
            retry: Retry::Authenticate,
            ..plain(Tone::Attention, t!(language, consent.not_completed)(), String::new())
        },
        Notice::NotCompleted { error, .. } => Said {
            sentences: vec![
                t!(language, consent.microsoft_error_lead, error = error.clone())(),
                t!(language, consent.microsoft_error_step)().to_owned(),
            ],
            retry: Retry::Authenticate,
            ..plain(Tone::Blocked, t!(language, consent.microsoft_error)(), String::new())
        },
        Notice::TimedOut => Said {
            retry: Retry::Authenticate,
            ..plain(
                Tone::Attention,
                t!(language, consent.timed_out)(),
                t!(language, consent.timed_out_lead)().to_owned(),
            )
        },
        Notice::Declined => plain(
            Tone::Quiet,
            t!(language, consent.declined)(),
            t!(language, consent.declined_lead)().to_owned(),
        ),
        Notice::Connected { who } => {
            let lead = t!(language, consent.connected_lead, who = who.clone())();
            plain(Tone::Good, t!(language, consent.connected)(), lead)
        }
        Notice::Removed => {
            let lead = t!(language, consent.remove.done_lead)().to_owned();
            plain(Tone::Good, t!(language, consent.remove.done)(), lead)
        }
    }
}

/// Cancelling and not being allowed to consent look the same in Microsoft's answer.
fn is_ambiguous(error: &str) -> bool {
    matches!(error, "access_denied" | "consent_required" | "interaction_required" | "login_required")
}

fn button(desk: Desk, notice: &Notice, retry: Retry) -> Option<AnyView> {
    let changed =
        matches!(notice, Notice::Trouble { trouble, .. } if trouble.code() == Some(Code::SettingsChanged));
    let act = move || match &retry {
        Retry::Nothing => {}
        Retry::Fetch => desk.fetch(true),
        Retry::Save if changed => settings::load_new(desk),
        Retry::Save => settings::save(desk),
        Retry::Authenticate => flow::authenticate(desk),
        Retry::Remove => status::remove(desk),
        Retry::Finish(answer) => flow::take(desk, answer.clone()),
    };
    let nothing = matches!(notice, Notice::Declined | Notice::Connected { .. } | Notice::Removed);
    let label = move || {
        if changed { t!(desk.language, settings.load_new)() } else { t!(desk.language, shell.try_again)() }
    };
    (!nothing).then(|| {
        view! {
            <button type="button" class="button button--primary" id="retry" on:click=move |_| act()>{label}</button>
        }
        .into_any()
    })
}

fn details(desk: Desk, notice: Notice) -> Option<AnyView> {
    match notice {
        Notice::Trouble { trouble, at, .. } => Some(view! { <Details trouble at/> }.into_any()),
        Notice::NotCompleted { error, description, at } => {
            let facts = Signal::derive(move || microsofts_words(desk, &error, description.as_deref(), at));
            let copy = move |_| {
                let lines = facts.with(|facts| {
                    facts.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
                });
                page::copy(&lines.join("\n"));
            };
            Some(view! { <Facts facts on_copy=copy/> }.into_any())
        }
        Notice::TimedOut | Notice::Declined | Notice::Connected { .. } | Notice::Removed => None,
    }
}

fn microsofts_words(
    desk: Desk,
    error: &str,
    description: Option<&str>,
    at: f64,
) -> Vec<(&'static str, String)> {
    let mut facts = vec![(t!(desk.language, problem.code)(), error.to_owned())];
    if let Some(description) = description {
        facts.push((t!(desk.language, problem.said)(), description.to_owned()));
    }
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of a real date")]
    let moment = api::Timestamp::from_millis(at as i64);
    facts.push((t!(desk.language, problem.time)(), moment.to_string()));
    facts
}
