//! `/oauth/callback`: the window that comes back from Microsoft.
//!
//! It hands what it brought to the window that waits. When nobody takes it within a second, it goes on by itself if this
//! window holds the other half (the full-page way), else it says where to go on: whoever began it elsewhere, closed the
//! window in which they began, or brings an answer for the second time must find words here, and nothing that can't work.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_i18n::td_string;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use web_sys::window;

use super::session::Session;
use crate::browser::announce::announce;
use crate::browser::language::{Language, t};
use crate::consent::arrival::{Answer, Arrival, Arrived};
use crate::consent::channel::{self, End, Word};
use crate::consent::flow::Pending;
use crate::consent::kept;
use crate::parts::title::PageTitle;

const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(1);
/// Long enough to see what happened before the window goes.
const READ_FOR: Duration = Duration::from_millis(900);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    /// Somebody came without an answer, or with one that this window has passed on before.
    Nothing {
        session: bool,
    },
    Working,
    Taken,
    Ended(End),
    /// Nobody here waits for it; whether this browser has a session decides what can be done from here.
    Elsewhere {
        session: bool,
    },
}

/// The landing page of a consent.
#[component]
pub(crate) fn CallbackPage() -> impl IntoView {
    let Arrived(arrival) = expect_context();
    let answer = match arrival.try_update_value(|arrival| std::mem::replace(arrival, Arrival::Plain)) {
        Some(Arrival::Answer(answer)) => answer,
        _ => None,
    };
    let stand =
        RwSignal::new(if answer.is_some() { Stand::Working } else { Stand::Nothing { session: false } });
    if let Some(answer) = answer {
        hand_over(stand, answer);
    } else {
        look_for_session(stand, Session::here());
    }
    view! { <Told stand/> }
}

fn hand_over(stand: RwSignal<Stand>, answer: Answer) {
    let state = answer.state.clone();
    channel::listen(move |word| match word {
        Word::Taken { state: taken } if taken == state => stand.set(Stand::Taken),
        Word::Ended { state: ended, end } if ended == state => {
            stand.set(Stand::Ended(end));
            set_timeout(close, READ_FOR);
        }
        _ => {}
    });
    channel::say(&Word::Came(answer.clone()));
    let Pending(pending) = expect_context();
    let (session, navigate) = (Session::here(), use_navigate());
    let nobody = move || {
        if stand.try_get_untracked() != Some(Stand::Working) {
            return;
        }
        match kept::find(&answer.state) {
            None => match kept::ended(&answer.state) {
                Some(end) => stand.set(Stand::Ended(end)),
                None => look_for_session(stand, session),
            },
            Some(kept) => {
                session.load();
                pending.set(Some(answer));
                let options = NavigateOptions { replace: true, ..NavigateOptions::default() };
                navigate(&format!("/mailboxes/{}", kept.mailbox), options);
            }
        }
    };
    set_timeout(nobody, ACKNOWLEDGED_WITHIN);
}

/// Whether anything can be done from here: the pages open only with a session.
fn look_for_session(stand: RwSignal<Stand>, session: Session) {
    spawn_local(async move {
        let session = session.is_open().await;
        match stand.try_get_untracked() {
            Some(Stand::Nothing { .. }) => stand.set(Stand::Nothing { session }),
            // An acknowledgement that took longer than a second still counts.
            Some(Stand::Working) => stand.set(Stand::Elsewhere { session }),
            _ => {}
        }
    });
}

fn close() {
    if let Some(window) = window() {
        // A window that the browser does not count as opened by a script stays, and the page says so.
        let _ = window.close();
    }
}

#[component]
fn Told(stand: RwSignal<Stand>) -> impl IntoView {
    let language = Language::here();
    let words = move || -> (&'static str, &'static str) {
        let title = t!(language, page.callback.title);
        match stand.get() {
            Stand::Nothing { .. } => {
                (t!(language, page.callback.nothing)(), t!(language, page.callback.nothing_lead)())
            }
            Stand::Working => (title(), t!(language, page.callback.working)()),
            Stand::Taken => (title(), t!(language, page.callback.taken)()),
            Stand::Ended(End::Connected) => {
                (t!(language, page.callback.connected)(), t!(language, page.callback.connected_lead)())
            }
            Stand::Ended(End::Asks) => {
                (t!(language, page.callback.asks)(), t!(language, page.callback.asks_lead)())
            }
            Stand::Ended(End::NotCompleted) => (
                t!(language, page.callback.not_completed)(),
                t!(language, page.callback.not_completed_lead)(),
            ),
            Stand::Elsewhere { .. } => {
                (t!(language, page.callback.elsewhere)(), t!(language, page.callback.elsewhere_lead)())
            }
        }
    };
    let where_to = move || match stand.get() {
        Stand::Elsewhere { session: true } => Some(t!(language, page.callback.elsewhere_session)()),
        Stand::Elsewhere { session: false } => Some(t!(language, page.callback.elsewhere_stranger)()),
        Stand::Nothing { .. } | Stand::Working | Stand::Taken | Stand::Ended(_) => None,
    };
    // A browser closes only windows that a script opened; after a click that did nothing, the page says so instead.
    let stays_open = RwSignal::new(false);
    let may_close = move || !stays_open.get() && matches!(stand.get(), Stand::Taken | Stand::Ended(_));
    let may_go_on =
        move || matches!(stand.get(), Stand::Elsewhere { session: true } | Stand::Nothing { session: true });
    let close_window = move |_| {
        close();
        let still_here = move || {
            stays_open.try_set(true);
            announce(td_string!(language.get_untracked(), page.callback.stays_open));
        };
        set_timeout(still_here, Duration::from_millis(300));
    };
    let word = move || match stand.get() {
        Stand::Nothing { .. } => "nothing",
        Stand::Working => "working",
        Stand::Taken => "taken",
        Stand::Ended(End::Connected) => "connected",
        Stand::Ended(End::Asks) => "asks",
        Stand::Ended(End::NotCompleted) => "not_completed",
        Stand::Elsewhere { session: true } => "elsewhere",
        Stand::Elsewhere { session: false } => "stranger",
    };
    view! {
        <div class="prose" id="callback" data-stand=word>
            <PageTitle text=Signal::derive(move || words().0.to_owned())/>
            <div class="prose__said" role="status">
                <p class="lead">{move || words().1}</p>
                {move || where_to().map(|words| view! { <p id="where-to">{words}</p> })}
                <Show when=move || stays_open.get()>
                    <p id="stays-open">{t!(language, page.callback.stays_open)}</p>
                </Show>
            </div>
            <p class="actions">
                <Show when=may_close>
                    <button type="button" class="button button--primary" id="close-window" on:click=close_window>
                        {t!(language, page.callback.close_window)}
                    </button>
                </Show>
                <Show when=may_go_on>
                    <a class="button" id="go-on" href="/" rel="external">{t!(language, page.callback.go_on)}</a>
                </Show>
            </p>
        </div>
    }
}
