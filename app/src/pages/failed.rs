//! "Could not load" is not "nothing there": people would think that they lost their settings.

use leptos::prelude::*;

use crate::browser::http::Trouble;
use crate::browser::language::{Language, t};
use crate::browser::page;
use crate::parts::details::Details;
use crate::words::problem;

/// In the place of what could not be fetched.
#[component]
pub(crate) fn CouldNotLoad(trouble: Trouble, retry: impl Fn() + Copy + 'static) -> impl IntoView {
    let language = Language::here();
    let words = {
        let trouble = trouble.clone();
        Signal::derive(move || problem::of_trouble(language.get(), &trouble))
    };
    // A connection that comes back is tried by itself.
    let handle = window_event_listener(leptos::ev::online, move |_| retry());
    on_cleanup(move || handle.remove());
    view! {
        <section class="notice" data-tone="blocked" role="alert" id="could-not-load">
            <h2 class="notice__heading">{t!(language, page.failed.title)}</h2>
            <p>{move || words.read().heading}". "{move || words.read().sentence.clone()}</p>
            <p>{t!(language, page.failed.lead)}" "{move || words.read().step.clone()}</p>
            <p class="actions">
                <button type="button" class="button button--primary" on:click=move |_| retry()>
                    {t!(language, shell.try_again)}
                </button>
            </p>
            <Details trouble at=page::clock()/>
        </section>
    }
}
