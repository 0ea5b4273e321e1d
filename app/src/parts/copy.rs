//! A button that copies a text which stands on the page, and says that it did.

use leptos::prelude::*;

use crate::browser::announce::announce;
use crate::browser::page;

/// `text` is asked for at the click; `said` is announced.
#[component]
pub(crate) fn CopyButton(
    id: &'static str,
    label: Signal<&'static str>,
    said: Signal<&'static str>,
    text: Signal<String>,
    #[prop(optional, into)] primary: Signal<bool>,
) -> impl IntoView {
    let copy = move |_| {
        text.with_untracked(|text| page::copy(text));
        announce(said.get_untracked());
    };
    view! {
        <button type="button" class="button" class:button--primary=primary id=id on:click=copy>{label}</button>
    }
}
