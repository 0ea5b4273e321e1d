//! `/oauth/callback`: the window that comes back from Microsoft.
//!
//! It hands what it brought to the window that waits. When nobody takes it within a second, it goes on by itself if this
//! window holds the other half (the full-page way), else it says where to go on.

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use web_sys::window;

use super::session::Session;
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
    Nothing,
    Working,
    Taken,
    Ended(End),
    Elsewhere,
}

/// The landing page of a consent.
#[component]
pub(crate) fn CallbackPage() -> impl IntoView {
    let Arrived(arrival) = expect_context();
    let answer = match arrival.try_update_value(|arrival| std::mem::replace(arrival, Arrival::Plain)) {
        Some(Arrival::Answer(answer)) => answer,
        _ => None,
    };
    let stand = RwSignal::new(if answer.is_some() { Stand::Working } else { Stand::Nothing });
    if let Some(answer) = answer {
        hand_over(stand, answer);
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
            None => stand.set(Stand::Elsewhere),
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
            Stand::Nothing => {
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
            Stand::Elsewhere => {
                (t!(language, page.callback.elsewhere)(), t!(language, page.callback.elsewhere_lead)())
            }
        }
    };
    let may_close = move || matches!(stand.get(), Stand::Taken | Stand::Ended(_) | Stand::Elsewhere);
    let may_go_on = move || matches!(stand.get(), Stand::Nothing | Stand::Elsewhere);
    view! {
        <div class="prose" id="callback">
            <PageTitle text=Signal::derive(move || words().0.to_owned())/>
            <p class="lead" role="status">{move || words().1}</p>
            <p class="actions">
                <Show when=may_close>
                    <button type="button" class="button button--primary" on:click=move |_| close()>
                        {t!(language, page.callback.close_window)}
                    </button>
                </Show>
                <Show when=may_go_on>
                    <a class="button" href="/" rel="external">{t!(language, page.callback.go_on)}</a>
                </Show>
            </p>
        </div>
    }
}
