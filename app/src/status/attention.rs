//! What ended without being handed over for certain, until a person says to have seen it.

use api::MailboxState;
use leptos::prelude::*;

use crate::browser::intl;
use crate::browser::language::t;
use crate::mailbox::{Desk, requests};
use crate::parts::icon::ToneIcon;
use crate::words::attention;
use crate::words::state::Tone;

/// Empty while nothing was refused or is unknown since a person last looked.
#[component]
pub(crate) fn Unseen() -> impl IntoView {
    let desk = Desk::here();
    let unseen = Memo::new(move |_| desk.view.with(|view| view.attention));
    move || (!unseen.get().is_empty()).then(|| view! { <Notice/> })
}

#[component]
fn Notice() -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    let unseen = Memo::new(move |_| desk.view.with(|view| view.attention));
    let refused = move || {
        let unseen = unseen.get();
        let words = attention::refused(language.get(), &unseen)?;
        Some(view! { <p id="refused" data-count=unseen.refused.to_string()>{words}</p> })
    };
    let unknown = move || {
        let unseen = unseen.get();
        let words = attention::unknown(language.get(), &unseen)?;
        Some(view! { <p id="unknown" data-count=unseen.unknown.to_string()>{words}</p> })
    };
    let since = move || {
        let since = unseen.get().since?;
        let words = t!(language, status.since, when = intl::long(language, since))();
        Some(view! { <p class="small"><time datetime=since.to_string()>{words}</time></p> })
    };
    // Held mail, and every other state, has a step of its own.
    let helps = move || desk.view.with(|view| view.state == MailboxState::Attention && view.held.is_empty());
    view! {
        <section class="notice" id="unseen" data-tone=Tone::Held.word() aria-labelledby="unseen-heading">
            <h3 class="notice__heading" id="unseen-heading"><ToneIcon tone=Tone::Held/>{t!(language, status.attention.heading)}</h3>
            {refused}
            {unknown}
            {since}
            <p class="actions">
                <button type="button" class="button" class:button--primary=helps id="seen" aria-describedby="seen-about"
                    aria-busy=move || desk.seeing.get().to_string()
                    on:click=move |_| requests::seen(desk)>
                    {t!(language, status.attention.seen)}
                </button>
            </p>
            <p class="small" id="seen-about">{t!(language, status.attention.seen_about)}</p>
        </section>
    }
}
