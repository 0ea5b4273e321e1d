//! The one place where the page says what happened and what to do now.

use api::Code;
use leptos::prelude::*;

use super::desk::{Desk, Notice, Retry};
use super::{requests, server_test};
use crate::browser::http::Trouble;
use crate::browser::language::t;
use crate::browser::page;
use crate::consent::arrival::Returned;
use crate::consent::flow::{self, Who};
use crate::parts::breaks::Breaks;
use crate::parts::details::Details;
use crate::parts::icon::ToneIcon;
use crate::settings::{self, ConflictChoice};
use crate::status::{self, CommandLine};
use crate::words::letter;
use crate::words::problem::{self, WayOut};
use crate::words::state::Tone;

struct Said {
    tone: Tone,
    heading: String,
    sentences: Vec<String>,
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
    let Said { tone, .. } = untrack(|| say(desk, &notice));
    let (data_code, buttons) = (code(&notice), buttons(desk, &notice));
    let (more, details) = (more(desk, &notice), details(&notice));
    let said = Signal::derive(move || {
        let Said { heading, sentences, .. } = say(desk, &notice);
        (heading, sentences)
    });
    let sentences = move || {
        let sentences = said.get().1.into_iter();
        sentences.map(|text| view! { <p><Breaks text/></p> }).collect_view()
    };
    let close = move |_| {
        desk.notice.set(None);
        page::focus("title");
    };
    view! {
        <section class="notice" id="notice" tabindex="-1" data-tone=tone.word() data-code=data_code
            aria-labelledby="notice-heading">
            <h2 class="notice__heading" id="notice-heading"><ToneIcon tone/>{move || said.get().0}</h2>
            {sentences}
            {more}
            <p class="actions">
                {buttons}
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
        Notice::Conflict { .. } => Some(Code::SettingsChanged.as_str()),
        _ => None,
    }
}

fn say(desk: Desk, notice: &Notice) -> Said {
    let language = desk.language;
    let plain = |tone, heading: &'static str, sentence: String| Said {
        tone,
        heading: heading.to_owned(),
        sentences: vec![sentence],
    };
    match notice {
        Notice::Trouble { trouble, .. } => {
            let words = problem::of_trouble(language.get(), trouble);
            let tone = match trouble.code() {
                Some(
                    Code::SettingsChanged
                    | Code::SessionEnded
                    | Code::Throttled
                    | Code::Busy
                    | Code::ConsentNotGiven
                    | Code::AdministratorNeeded
                    | Code::MicrosoftUnavailable,
                ) => Tone::Attention,
                _ => Tone::Blocked,
            };
            Said { tone, heading: words.heading.to_owned(), sentences: vec![words.sentence, words.step] }
        }
        Notice::Conflict { .. } => {
            let words = problem::of_code(language.get(), Code::SettingsChanged);
            plain(Tone::Attention, words.heading, words.sentence)
        }
        Notice::TimedOut => plain(
            Tone::Attention,
            t!(language, consent.timed_out)(),
            t!(language, consent.timed_out_lead)().to_owned(),
        ),
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
            let said = plain(
                Tone::Good,
                t!(language, consent.remove.done)(),
                t!(language, consent.remove.done_lead)().to_owned(),
            );
            let microsoft = t!(language, consent.remove.done_microsoft)().to_owned();
            Said { sentences: said.sentences.into_iter().chain([microsoft]).collect(), ..said }
        }
    }
}

/// What belongs between the sentences and the buttons.
fn more(desk: Desk, notice: &Notice) -> Option<AnyView> {
    match notice {
        Notice::Conflict { stored } => {
            let stored = (**stored).clone();
            Some(view! { <ConflictChoice stored/> }.into_any())
        }
        Notice::Trouble { trouble: Trouble::Problem(problem), .. } if problem.code == Code::SendAsDenied => {
            let saved = desk.view.with_untracked(|view| view.settings.address.clone());
            let mailbox = problem.params.get("mailbox").cloned().unwrap_or(saved);
            let line = letter::send_as(&mailbox, problem.params.get("account")?);
            Some(view! { <CommandLine id="command-notice" line/> }.into_any())
        }
        _ => None,
    }
}

/// The next step, and beside it the other one that may be right.
fn buttons(desk: Desk, notice: &Notice) -> Option<AnyView> {
    let again = |id, retry, label| Some(view! { <Again id retry label/> }.into_any());
    let try_again = t!(desk.language, shell.try_again);
    match notice {
        Notice::Trouble { trouble, retry, .. } => match (retry, way_out(trouble, retry)) {
            (_, WayOut::ChooseAccount) => {
                let choose = move |_| flow::authenticate(desk, Who::Choose);
                Some(
                    view! {
                        <button type="button" class="button button--primary" id="choose-account" on:click=choose>
                            {t!(desk.language, consent.choose_account)}
                        </button>
                    }
                    .into_any(),
                )
            }
            (retry, WayOut::AskApproval) => Some(
                view! {
                    <Again id="retry" retry=retry.clone() label=try_again/>
                    <AskApproval/>
                }
                .into_any(),
            ),
            (Retry::Save, _) if trouble.code() == Some(Code::SettingsChanged) => {
                let label = t!(desk.language, settings.load_new);
                let trouble = trouble.clone();
                let load = move |_| settings::load_new(desk, trouble.clone());
                Some(
                    view! {
                        <button type="button" class="button button--primary" id="retry" on:click=load>{label}</button>
                    }
                    .into_any(),
                )
            }
            (retry, WayOut::Retry) => again("retry", retry.clone(), try_again),
        },
        Notice::TimedOut => Some(
            view! {
                <Again id="retry" retry=Retry::Authenticate label=try_again/>
                <AskApproval/>
            }
            .into_any(),
        ),
        Notice::Conflict { .. } | Notice::Declined | Notice::Connected { .. } | Notice::Removed => None,
    }
}

/// A refusal that could not be passed on for want of a connection still has both ways out: only the Worker can tell them
/// apart.
fn way_out(trouble: &Trouble, retry: &Retry) -> WayOut {
    match (trouble, retry) {
        (Trouble::Problem(problem), Retry::Authenticate | Retry::Finish(_)) => problem::way_out(problem),
        (Trouble::Unreachable, Retry::Finish(answer)) if matches!(answer.result, Returned::Error { .. }) => {
            WayOut::AskApproval
        }
        _ => WayOut::Retry,
    }
}

#[component]
fn Again(
    id: &'static str,
    retry: Retry,
    label: impl Fn() -> &'static str + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let desk = Desk::here();
    let act = move |_| match &retry {
        Retry::Fetch => desk.fetch(true),
        Retry::Save => settings::save(desk),
        Retry::Authenticate => flow::authenticate(desk, Who::Mailbox),
        Retry::Remove => status::remove(desk),
        Retry::CheckAgain => requests::check_again(desk),
        Retry::Seen => requests::seen(desk),
        Retry::TestServer => server_test::start(desk),
        Retry::AskApproval => requests::ask_approval(desk),
        Retry::WithdrawApproval => requests::withdraw_approval(desk),
        Retry::Finish(answer) => flow::take(desk, answer.clone()),
    };
    view! { <button type="button" class="button button--primary" id=id on:click=act>{label}</button> }
}

/// *An administrator must approve.* There is one on the page at most: a notice and the waiting panel exclude each other.
#[component]
pub(crate) fn AskApproval() -> impl IntoView {
    let desk = Desk::here();
    view! {
        <button type="button" class="button" id="ask-approval" on:click=move |_| requests::ask_approval(desk)>
            {t!(desk.language, consent.ask_approval)}
        </button>
    }
}

fn details(notice: &Notice) -> Option<AnyView> {
    match notice {
        Notice::Trouble { trouble, at, .. } => {
            let (trouble, at) = (trouble.clone(), *at);
            Some(view! { <Details trouble at/> }.into_any())
        }
        Notice::Conflict { .. }
        | Notice::TimedOut
        | Notice::Declined
        | Notice::Connected { .. }
        | Notice::Removed => None,
    }
}
