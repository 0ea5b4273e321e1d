//! The page around the application: mounting, title, focus, scrolling, the address bar.

use leptos::prelude::*;
use web_sys::wasm_bindgen::JsCast;
use web_sys::{HtmlElement, window};

/// Puts the application where the static shell stands now.
pub(crate) fn mount<N: IntoView + 'static>(view: impl FnOnce() -> N + 'static) {
    let Some(place) = element("app") else { return };
    place.set_text_content(None);
    leptos::mount::mount_to(place, view).forget();
}

pub(crate) fn element(id: &str) -> Option<HtmlElement> {
    window()?.document()?.get_element_by_id(id)?.dyn_into().ok()
}

/// Moves the keyboard and the reader's eye there.
///
/// After the next paint, because the element may only just have been asked for. What is folded away is unfolded: it
/// could not take the focus.
pub(crate) fn focus(id: &'static str) {
    request_animation_frame(move || {
        if let Some(element) = element(id) {
            if let Ok(Some(folded)) = element.closest("details:not([open])") {
                let _ = folded.set_attribute("open", "");
            }
            let _ = element.focus();
            element.scroll_into_view_with_bool(false);
        }
    });
}

pub(crate) fn set_title(title: &str) {
    if let Some(document) = window().and_then(|window| window.document()) {
        document.set_title(title);
    }
}

pub(crate) fn set_language(tag: &str) {
    if let Some(root) = root() {
        let _ = root.set_attribute("lang", tag);
    }
}

pub(crate) fn root() -> Option<web_sys::Element> {
    window()?.document()?.document_element()
}

/// The path of the page in the address bar.
pub(crate) fn address() -> String {
    window().and_then(|window| window.location().pathname().ok()).unwrap_or_default()
}

/// Milliseconds since 1970, by this computer's clock.
pub(crate) fn clock() -> f64 {
    js_sys::Date::now()
}

pub(crate) fn copy(text: &str) {
    if let Some(window) = window() {
        // A refused clipboard leaves the text on the page, where it can still be selected.
        let _ = window.navigator().clipboard().write_text(text);
    }
}

pub(crate) fn go_to(url: &str) {
    if let Some(window) = window() {
        let _ = window.location().assign(url);
    }
}
