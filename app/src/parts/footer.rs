//! The bottom of every page: whose session this is and how to end it, and the colour mode.

use api::SessionView;
use leptos::prelude::*;

use crate::browser::intl;
use crate::browser::language::{Language, t};
use crate::browser::mode::{Mode, mode};
use crate::pages::session::{Loaded, Session};

/// Session and colours.
#[component]
pub(crate) fn Footer() -> impl IntoView {
    let language = Language::here();
    let Session(session) = Session::here();
    let whose = move || match session.get() {
        Loaded::Here(session) => Some(view! { <Whose session/> }),
        Loaded::Waiting | Loaded::Trouble(_) => None,
    };
    let now = mode();
    let choices = Mode::ALL.map(|choice| {
        let name = move || match choice {
            Mode::System => t!(language, shell.mode_system)(),
            Mode::Light => t!(language, shell.mode_light)(),
            Mode::Dark => t!(language, shell.mode_dark)(),
        };
        view! {
            <button
                type="button"
                id=format!("mode-{}", choice.word())
                aria-pressed=move || (now.get() == choice).to_string()
                on:click=move |_| now.set(choice)
            >
                {name}
            </button>
        }
    });
    view! {
        <footer class="bottom">
            <div class="bottom__text">
                {whose}
                <p class="small">{t!(language, shell.name)}" — "{t!(language, shell.promise)}</p>
            </div>
            <div class="switch" role="group" aria-label=t!(language, shell.mode)>{choices.into_iter().collect_view()}</div>
        </footer>
    }
}

#[component]
fn Whose(session: SessionView) -> impl IntoView {
    let language = Language::here();
    let (here, ends_at) = (Session::here(), session.ends_at);
    let ends = move || t!(language, shell.session_ends, when = intl::long(language, ends_at))();
    view! {
        <p class="small">
            <strong>{session.name}</strong>" · "{ends}" "
            <button type="button" class="link" id="end-session" on:click=move |_| here.end()>
                {t!(language, shell.end_session)}
            </button>
        </p>
    }
}
