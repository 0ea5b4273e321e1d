//! A question that stands in front of the page: `<dialog>` with `showModal()`, which traps the focus and knows Escape.

use leptos::html::Dialog;
use leptos::prelude::*;

use crate::parts::breaks::Breaks;

/// Open as long as it is shown; Escape means `dismiss`. Where the focus goes afterwards is the caller's.
#[component]
pub(crate) fn Modal(
    id: &'static str,
    heading: Signal<String>,
    dismiss: impl Fn() + 'static,
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<Dialog>::new();
    Effect::new(move || {
        if let Some(dialog) = node.get()
            && !dialog.open()
        {
            let _ = dialog.show_modal();
        }
    });
    let heading_id = format!("{id}-heading");
    let labelled = heading_id.clone();
    view! {
        <dialog
            class="modal"
            id=id
            node_ref=node
            aria-labelledby=labelled
            on:cancel=move |event: web_sys::Event| {
                event.prevent_default();
                dismiss();
            }
        >
            <h2 class="modal__heading" id=heading_id><Breaks text=heading/></h2>
            {children()}
        </dialog>
    }
}
