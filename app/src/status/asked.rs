//! Before leaving for Microsoft: what is asked there, and what is not.

use leptos::prelude::*;

use crate::browser::language::t;
use crate::mailbox::Desk;

/// In our words; Microsoft's page says it in its own.
#[component]
pub(crate) fn Asked() -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    let shared = move || desk.view.with(|view| view.settings.shared);
    view! {
        <div class="asked" id="asked">
            <h3>{t!(language, status.asked.heading)}</h3>
            <ul class="list list--yes">
                <li>{t!(language, status.asked.send)}</li>
                <Show when=shared><li>{t!(language, status.asked.shared)}</li></Show>
                <li>{t!(language, status.asked.profile)}</li>
                <li>{t!(language, status.asked.stay)}</li>
            </ul>
            <ul class="list list--no">
                <li>{t!(language, status.asked.not)}</li>
            </ul>
            <p class="small">{t!(language, status.asked.maybe)}</p>
        </div>
    }
}
