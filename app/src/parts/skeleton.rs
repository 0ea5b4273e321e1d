//! Grey lines in the place of what is coming. The style sheet shows them only after 300 ms, so that quick answers do not
//! flicker.

use leptos::prelude::*;

use crate::browser::language::{Language, t};

/// Some lines.
#[component]
pub(crate) fn Skeleton() -> impl IntoView {
    let language = Language::here();
    view! {
        <div class="skeleton" aria-busy="true">
            <p class="visually-hidden">{t!(language, shell.loading)}</p>
            <div class="skeleton__line skeleton__line--short"></div>
            <div class="skeleton__line"></div>
            <div class="skeleton__line"></div>
            <div class="skeleton__line skeleton__line--half"></div>
        </div>
    }
}
