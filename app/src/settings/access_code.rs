//! *Toegangscode*: can be written, never read.

use leptos::prelude::*;

use super::field::Field;
use crate::browser::language::t;
use crate::mailbox::Desk;
use crate::parts::field::{Shape, TextField};

const CODE: Shape = Shape {
    kind: Some("password"),
    input_mode: None,
    // A password manager may fill it in and may offer to keep it.
    autocomplete: Some("current-password"),
    class: "",
    unit: None,
    lines: false,
    optional: false,
};

/// The code, whether one is stored, and how to be rid of it.
#[component]
pub(crate) fn AccessCode() -> impl IntoView {
    let desk = Desk::here();
    let stored = Memo::new(move |_| desk.view.with(|view| view.access_code_stored));
    let moves =
        Memo::new(move |_| desk.draft.with(|draft| desk.base.with(|base| draft.moves(&base.settings))));
    let hint = move || match (stored.get(), moves.get()) {
        (true, true) => t!(desk.language, settings.access_code_again)().to_owned(),
        (true, false) => t!(desk.language, settings.access_code_keep)().to_owned(),
        (false, _) => t!(desk.language, settings.access_code_none)().to_owned(),
    };
    view! {
        <TextField field=Field::AccessCode part=|draft| &mut draft.access_code shape=CODE hint=Signal::derive(hint)/>
        <Show when=move || stored.get() && !moves.get()>
            <div class="check">
                <input type="checkbox" id="access-code-forget"
                    prop:checked=move || desk.draft.with(|draft| draft.forget_access_code)
                    on:change=move |event| {
                        let checked = event_target_checked(&event);
                        desk.draft.update(|draft| draft.forget_access_code = checked);
                    }/>
                <label for="access-code-forget">{t!(desk.language, settings.access_code_forget)}</label>
            </div>
        </Show>
    }
}
