//! The `h1` of a page: also the title of the tab, and where the focus goes when a page takes another's place.

use leptos::prelude::*;

use crate::browser::language::{Language, t};
use crate::browser::page;

/// Whether the page holds something that needs another look; the tab's title then begins with it.
#[derive(Clone, Copy)]
pub(crate) struct Failing {
    pub(crate) now: RwSignal<bool>,
    /// The address whose page was shown last.
    address: StoredValue<Option<String>>,
}

impl Failing {
    pub(crate) fn new() -> Self {
        Self { now: RwSignal::new(false), address: StoredValue::new(None) }
    }
}

/// The one heading of a page.
#[component]
pub(crate) fn PageTitle(text: Signal<String>) -> impl IntoView {
    let language = Language::here();
    let failing: Failing = expect_context();
    Effect::new(move || {
        let page = text.get();
        page::set_title(&if failing.now.get() {
            t!(language, shell.title_error, page = page.clone())()
        } else {
            t!(language, shell.title, page = page.clone())()
        });
    });
    let address = Some(page::address());
    let before = failing.address.get_value();
    // The first page leaves the focus alone: the browser has just put it where a fresh page begins. And the same page
    // told anew, because what it is about has come in, is no other page.
    if before.is_some() && before != address {
        page::focus("title");
    }
    failing.address.set_value(address);
    view! { <h1 id="title" tabindex="-1">{text}</h1> }
}
