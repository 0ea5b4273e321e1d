//! What only an administrator can change: a message that says what, and the line for Exchange where one is enough.

use api::MailboxState;
use leptos::prelude::*;

use super::letter_box::{LetterBox, LetterLanguage};
use crate::browser::language::t;
use crate::mailbox::Desk;
use crate::parts::breaks::Breaks;
use crate::parts::copy::CopyButton;
use crate::words::letter::{self, Case};

/// Shown while a setting at Microsoft is in the way.
#[component]
pub(crate) fn Administrator() -> impl IntoView {
    let desk = Desk::here();
    let needed = Memo::new(move |_| desk.view.with(|view| view.state == MailboxState::AdministratorNeeded));
    view! {
        <Show when=move || needed.get()>
            <Message/>
        </Show>
    }
}

#[component]
fn Message() -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    let letter_language = LetterLanguage::new(desk);
    let case = Memo::new(move |_| desk.view.with(Case::of));
    let text = Signal::derive(move || letter::blocked(letter_language.get(), &case.read()));
    let command = Memo::new(move |_| case.with(Case::command));
    view! {
        <section class="ask" id="administrator" aria-labelledby="administrator-heading">
            <h3 id="administrator-heading">{t!(language, status.admin.heading)}</h3>
            <p>{t!(language, status.admin.lead)}</p>
            {move || command.get().map(|line| view! { <CommandLine id="command" line/> })}
            <LetterBox id="admin-message" language=letter_language text/>
            <p class="actions">
                <CopyButton id="copy-admin-message" text primary=true
                    label=Signal::derive(move || t!(language, status.admin.copy)())
                    said=Signal::derive(move || t!(language, status.admin.copied)())/>
            </p>
        </section>
    }
}

/// A line of Exchange Online PowerShell that mends what is in the way; its button is `copy-` and the id.
#[component]
pub(crate) fn CommandLine(id: &'static str, line: String) -> impl IntoView {
    let language = Desk::here().language;
    let copy_id = if id == "command" { "copy-command" } else { "copy-command-notice" };
    // A browser would break an option after its hyphen, where nobody could tell it from a space.
    let words =
        line.split(' ').map(|word| view! { <span class="word"><Breaks text=word.to_owned()/></span>" " });
    let shown = words.collect_view();
    view! {
        <div class="command">
            <p class="small"><strong>{t!(language, status.send_as.heading)}". "</strong>{t!(language, status.send_as.lead)}</p>
            <code class="fixed" id=id>{shown}</code>
            <CopyButton id=copy_id
                label=Signal::derive(move || t!(language, status.send_as.copy)())
                said=Signal::derive(move || t!(language, status.send_as.copied)())
                text=Signal::derive(move || line.clone())/>
        </div>
    }
}
