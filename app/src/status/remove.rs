//! Removing the authentication, after saying what that does.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_i18n::td_string;

use crate::browser::announce::announce;
use crate::browser::language::t;
use crate::browser::page;
use crate::consent::{kept, link};
use crate::mailbox::Desk;
use crate::mailbox::desk::{Notice, Retry, SignIn};
use crate::parts::modal::Modal;

/// Where Microsoft lists what somebody agreed to.
const MY_APPS: &str = "https://myapps.microsoft.com";

/// Does it.
pub(crate) fn remove(desk: Desk) {
    spawn_local(async move {
        let answer = link::remove(desk.mailbox).await;
        if desk.is_gone() {
            return;
        }
        match answer {
            Ok(view) => {
                kept::forget_all(desk.mailbox);
                desk.sign_in.set(SignIn::Not);
                desk.show(view);
                desk.notice.set(Some(Notice::Removed));
                announce(td_string!(desk.language.get_untracked(), consent.remove.done));
                page::focus("notice");
            }
            Err(trouble) => desk.trouble(trouble, Retry::Remove),
        }
    });
}

/// Asks first.
#[component]
pub(crate) fn RemoveDialog(asking: RwSignal<bool>) -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    let heading = move || {
        let address = desk.view.with(|view| view.settings.address.clone());
        td_string!(language.get(), consent.remove.heading, address = address)
    };
    let held = move || match desk.view.with(|view| view.waiting) {
        0 => td_string!(language.get(), consent.remove.held_none).to_owned(),
        1 => td_string!(language.get(), consent.remove.held_single).to_owned(),
        count => td_string!(language.get(), consent.remove.held_many, count = count),
    };
    let dismiss = move || {
        asking.set(false);
        page::focus("remove");
    };
    let yes = move |_| {
        asking.set(false);
        remove(desk);
    };
    view! {
        <Modal id="remove-dialog" heading=Signal::derive(heading) dismiss>
            <ul class="list">
                <li>{t!(language, consent.remove.at_once)}</li>
                <li>{held}</li>
                <li>
                    {t!(language, consent.remove.microsoft)}" "
                    <a href=MY_APPS rel="external noreferrer" target="_blank">"myapps.microsoft.com"</a>" "
                    {t!(language, consent.remove.microsoft_how)}
                </li>
            </ul>
            <p class="actions actions--end">
                <button type="button" class="button" id="remove-cancel" autofocus on:click=move |_| dismiss()>
                    {t!(language, shell.cancel)}
                </button>
                <button type="button" class="button button--danger" id="remove-confirm" on:click=yes>
                    {t!(language, consent.remove.yes)}
                </button>
            </p>
        </Modal>
    }
}
