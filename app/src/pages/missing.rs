//! Addresses that lead nowhere.

use leptos::prelude::*;

use crate::browser::language::{Language, t};
use crate::parts::title::PageTitle;

/// No such page.
#[component]
pub(crate) fn MissingPage() -> impl IntoView {
    let language = Language::here();
    view! {
        <div class="prose" id="missing">
            <PageTitle text=Signal::derive(move || t!(language, page.missing.title)().to_owned())/>
            <p class="lead">{t!(language, page.missing.lead)}</p>
            <p><a class="button" href="/">{t!(language, page.open.go_on)}</a></p>
        </div>
    }
}
