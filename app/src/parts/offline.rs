//! Says when the browser has no connection, and when it has one again.

use leptos::ev;
use leptos::prelude::*;
use web_sys::window;

use crate::browser::announce::announce;
use crate::browser::language::{Language, t};

/// Shown only while offline.
#[component]
pub(crate) fn OfflineBanner() -> impl IntoView {
    let language = Language::here();
    let online = RwSignal::new(window().is_none_or(|window| window.navigator().on_line()));
    let lost = window_event_listener(ev::offline, move |_| {
        online.set(false);
        announce(untrack(t!(language, shell.offline)));
    });
    let back = window_event_listener(ev::online, move |_| {
        online.set(true);
        announce(untrack(t!(language, shell.online_again)));
    });
    on_cleanup(move || {
        lost.remove();
        back.remove();
    });
    view! {
        <Show when=move || !online.get()>
            <p class="banner" id="offline">{t!(language, shell.offline)}</p>
        </Show>
    }
}
