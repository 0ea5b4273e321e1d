//! The live region that `index.html` has from the start, because regions that are added later are often not read.

use std::time::Duration;

use leptos::prelude::set_timeout;

use super::page::element;

/// Has a screen reader say this once.
pub(crate) fn announce(text: impl Into<String>) {
    let text = text.into();
    let Some(region) = element("live") else { return };
    // Emptied first: the same sentence twice would otherwise be no change, and silent.
    region.set_text_content(None);
    set_timeout(move || region.set_text_content(Some(&text)), Duration::from_millis(60));
}
