//! While somebody is at Microsoft: what is going on, and how to get out of it. Some failures never come back.

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use leptos_i18n::td_string;

use crate::browser::announce::announce;
use crate::browser::language::t;
use crate::browser::page;
use crate::consent::flow::{self, Who};
use crate::consent::kept::{self, Kept};
use crate::mailbox::Desk;
use crate::mailbox::desk::{Notice, SignIn};
use crate::mailbox::notice::AskApproval;
use crate::parts::breaks::Breaks;

/// Signing in with a second factor takes most people less.
const HINT_AFTER: Duration = Duration::from_mins(1);

/// Shown as long as a sign-in is under way.
#[component]
pub(crate) fn Waiting() -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    move || match desk.sign_in.get() {
        SignIn::Not | SignIn::Asks(_) => None,
        SignIn::Starting => Some(
            view! { <p class="hint" id="sign-in" tabindex="-1">{t!(language, consent.starting)}</p> }
                .into_any(),
        ),
        SignIn::Finishing => Some(
            view! { <p class="hint" id="sign-in" tabindex="-1">{t!(language, consent.finishing)}</p> }
                .into_any(),
        ),
        SignIn::Away(kept) => Some(view! { <Away kept=*kept/> }.into_any()),
    }
}

#[component]
fn Away(kept: Kept) -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    let hint = RwSignal::new(false);
    let as_whom = move || {
        let (address, shared) = desk.view.with(|view| (view.settings.address.clone(), view.settings.shared));
        if shared {
            td_string!(language.get(), consent.waiting_lead_shared, address = address)
        } else {
            td_string!(language.get(), consent.waiting_lead, address = address)
        }
    };
    let not_back = move |_| {
        hint.set(true);
        page::focus("sign-in-hint");
    };
    after(HINT_AFTER, move || {
        hint.try_set(true);
        announce(td_string!(language.get_untracked(), consent.hint));
    });
    let left = (kept.until - page::clock()).clamp(0.0, f64::from(i32::MAX));
    let state = kept.state.clone();
    after(Duration::from_secs_f64(left / 1000.0), move || {
        kept::forget(&state);
        desk.sign_in.set(SignIn::Not);
        desk.alarm(Notice::TimedOut);
        desk.fetch(false);
    });
    notice_elsewhere(desk);
    view! {
        <section class="notice" data-tone="busy" id="sign-in" tabindex="-1" aria-labelledby="sign-in-heading">
            <h3 class="notice__heading" id="sign-in-heading">{t!(language, consent.waiting)}</h3>
            <p><Breaks text=Signal::derive(as_whom)/></p>
            <Show when=move || hint.get()>
                <p id="sign-in-hint" tabindex="-1"><strong>{t!(language, consent.hint)}". "</strong>{t!(language, consent.hint_lead)}</p>
                <p class="actions">
                    <button type="button" class="button button--primary" id="try-again"
                        on:click=move |_| flow::authenticate(desk, Who::Mailbox)>
                        {t!(language, shell.try_again)}
                    </button>
                    <AskApproval/>
                </p>
            </Show>
            <p class="actions">
                <button type="button" class="button" id="open-again" on:click=move |_| flow::open_again(&kept)>
                    {t!(language, consent.open_again)}
                </button>
                <Show when=move || !hint.get()>
                    <button type="button" class="button" id="not-back" on:click=not_back>
                        {t!(language, consent.not_back)}
                    </button>
                </Show>
                <button type="button" class="button button--quiet" id="stop-waiting" on:click=move |_| flow::stop_waiting(desk)>
                    {t!(language, consent.stop_waiting)}
                </button>
            </p>
        </section>
    }
}

/// The sign-in may have been finished by another window: coming back to this one looks for that.
fn notice_elsewhere(desk: Desk) {
    let done = move || desk.view.with(|view| view.authentication.as_ref().map(|it| it.authenticated_at));
    let before = untrack(done);
    Effect::new(move || {
        let now = done();
        if now.is_some() && now != before {
            let who = desk.view.with_untracked(|view| {
                view.authentication.as_ref().map(|it| flow::named(&it.account)).unwrap_or_default()
            });
            flow::connected(desk, who);
        }
    });
    let focused = window_event_listener(ev::focus, move |_| desk.fetch(false));
    on_cleanup(move || focused.remove());
}

fn after(wait: Duration, act: impl FnOnce() + 'static) {
    if let Ok(timer) = set_timeout_with_handle(act, wait) {
        on_cleanup(move || timer.clear());
    }
}
