//! A ready-made letter in the language that its reader needs, which may be another one than the page's.

use leptos::prelude::*;

use crate::browser::language::t;
use crate::browser::language::{LANGUAGES, tag};
use crate::i18n::Locale;
use crate::mailbox::Desk;
use crate::parts::breaks::Breaks;

/// The language of a letter: the page's until somebody chooses.
#[derive(Clone, Copy)]
pub(crate) struct LetterLanguage {
    chosen: RwSignal<Option<Locale>>,
    desk: Desk,
}

impl LetterLanguage {
    pub(crate) fn new(desk: Desk) -> Self {
        Self { chosen: RwSignal::new(None), desk }
    }

    pub(crate) fn get(self) -> Locale {
        self.chosen.get().unwrap_or_else(|| self.desk.language.get())
    }
}

/// The text, and a switch for its language; `id` is the text's, and the start of the switch's.
#[component]
pub(crate) fn LetterBox(id: &'static str, language: LetterLanguage, text: Signal<String>) -> impl IntoView {
    let desk = Desk::here();
    let choices = LANGUAGES.map(|(locale, tag, name)| {
        view! {
            <button type="button" id=format!("{id}-{tag}") lang=tag
                aria-pressed=move || (language.get() == locale).to_string()
                on:click=move |_| language.chosen.set(Some(locale))>
                {name}
            </button>
        }
    });
    view! {
        <div class="switch" role="group" aria-label=t!(desk.language, status.letter_language)>{choices.into_iter().collect_view()}</div>
        <pre class="letter" id=id lang=move || tag(language.get())><Breaks text/></pre>
    }
}
