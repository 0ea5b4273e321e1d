//! Which mailbox of the organisation this is, and the others.

use api::MailboxId;
use leptos::prelude::*;

use super::add::AddAnother;
use crate::browser::language::{Language, t};
use crate::pages::session::{Loaded, Session};
use crate::parts::breaks::Breaks;

/// Links rather than a select: every mailbox has an address of its own that can be kept and sent.
#[component]
pub(crate) fn Picker(id: MailboxId) -> impl IntoView {
    let language = Language::here();
    let Session(session) = Session::here();
    let links = move || {
        match session.get() {
        Loaded::Here(session) => session
            .mailboxes
            .into_iter()
            .map(|mailbox| {
                let current = (mailbox.id == id).then_some("page");
                view! {
                    <li><a href=format!("/mailboxes/{}", mailbox.id) aria-current=current><Breaks text=mailbox.address/></a></li>
                }
            })
            .collect_view(),
        Loaded::Waiting | Loaded::Trouble(_) => Vec::new(),
    }
    };
    view! {
        <nav class="picker" aria-label=t!(language, page.mailbox.pick)>
            <ul>{links}</ul>
            <AddAnother/>
        </nav>
    }
}
