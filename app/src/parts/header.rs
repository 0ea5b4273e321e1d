//! The top of every page: the name, and the language switch that names each language in itself.

use leptos::prelude::*;

use super::icon::Mark;
use crate::browser::language::{LANGUAGES, Language, t};

/// Name and language.
#[component]
pub(crate) fn Header() -> impl IntoView {
    let language = Language::here();
    let choices = LANGUAGES.map(|(locale, tag, name)| {
        view! {
            <button
                type="button"
                id=format!("language-{tag}")
                lang=tag
                aria-pressed=move || (language.get() == locale).to_string()
                on:click=move |_| language.set(locale)
            >
                {name}
            </button>
        }
    });
    view! {
        <header class="top">
            <a class="brand" href="/">
                <Mark/>
                <span>{t!(language, shell.name)}</span>
            </a>
            <div class="switch" role="group" aria-label=t!(language, shell.language)>{choices.into_iter().collect_view()}</div>
        </header>
    }
}
