//! Before a save that ends the authentication: what ends, what waits, and whether it is meant.

use leptos::prelude::*;
use leptos_i18n::td_string;

use super::save::save_all_the_same;
use crate::browser::language::t;
use crate::browser::page;
use crate::mailbox::Desk;
use crate::parts::modal::Modal;

/// Shown while the question stands open.
#[component]
pub(crate) fn ChangeDialog() -> impl IntoView {
    let desk = Desk::here();
    view! {
        <Show when=move || desk.asks_change.get()>
            <Asking/>
        </Show>
    }
}

#[component]
fn Asking() -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    let ends = move || {
        let address = desk.view.with(|view| view.settings.address.clone());
        td_string!(language.get(), settings.change.ends, address = address)
    };
    let held = move || match desk.view.with(|view| view.waiting) {
        0 => td_string!(language.get(), settings.change.held_none).to_owned(),
        1 => td_string!(language.get(), settings.change.held_single).to_owned(),
        count => td_string!(language.get(), settings.change.held_many, count = count),
    };
    let heading = Signal::derive(move || t!(language, settings.change.heading)().to_owned());
    let dismiss = move || {
        desk.asks_change.set(false);
        page::focus("save");
    };
    let yes = move |_| {
        desk.asks_change.set(false);
        page::focus("save");
        save_all_the_same(desk);
    };
    view! {
        <Modal id="change-dialog" heading dismiss>
            <ul class="list">
                <li>{ends}</li>
                <li id="change-held" data-count=move || desk.view.with(|view| view.waiting).to_string()>{held}</li>
            </ul>
            <p class="actions actions--end">
                <button type="button" class="button" id="change-cancel" autofocus on:click=move |_| dismiss()>
                    {t!(language, shell.cancel)}
                </button>
                <button type="button" class="button button--danger" id="change-confirm" on:click=yes>
                    {t!(language, settings.change.yes)}
                </button>
            </p>
        </Modal>
    }
}
