//! While an administrator is asked to approve the app: the link, what it allows, and a letter that can be sent.

use api::{ApprovalView, MailboxState};
use leptos::prelude::*;

use super::letter_box::{LetterBox, LetterLanguage};
use crate::browser::intl;
use crate::browser::language::t;
use crate::consent::flow::{self, Who};
use crate::mailbox::{Desk, requests};
use crate::parts::copy::CopyButton;
use crate::words::letter::{self, Case};
use crate::words::permission;
use crate::words::state::{self, Primary};

/// Shown as long as somebody is asked, also beside an authentication that still holds.
#[component]
pub(crate) fn Approval() -> impl IntoView {
    let desk = Desk::here();
    let approval = Memo::new(move |_| desk.view.with(|view| view.approval.clone()));
    move || approval.get().map(|approval| view! { <Asked approval/> })
}

#[component]
fn Asked(approval: ApprovalView) -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    let ApprovalView { since, link, permissions, .. } = approval;
    let holds = move || {
        desk.view.with(|view| {
            view.authentication.is_some() && matches!(view.state, MailboxState::Ready | MailboxState::Delayed)
        })
    };
    let primary = Signal::derive(move || {
        state::look(desk.view.with(|view| view.state)).primary == Primary::CopyApprovalLink
    });
    let asked_on = move || t!(language, status.approval.since, when = intl::long(language, since))();
    let copied = link.clone();
    view! {
        <section class="ask" id="approval" tabindex="-1" aria-labelledby="approval-heading">
            <h3 id="approval-heading">{t!(language, status.approval.heading)}</h3>
            <p class="small" id="approval-since" data-since=since.to_string()>{asked_on}</p>
            <Show when=holds>
                <p id="approval-present">{t!(language, status.approval.present)}</p>
            </Show>
            <div class="field field--wide">
                <label for="approval-link">{t!(language, status.approval.link)}</label>
                <p class="field__hint" id="approval-link-hint">{t!(language, status.approval.link_hint)}</p>
                <input type="text" id="approval-link" readonly value=link.clone() aria-describedby="approval-link-hint"/>
            </div>
            <p class="actions">
                <CopyButton id="copy-approval-link" primary
                    label=Signal::derive(move || t!(language, status.approval.copy_link)())
                    said=Signal::derive(move || t!(language, status.approval.link_copied)())
                    text=Signal::derive(move || copied.clone())/>
                <button type="button" class="button" id="approval-try-again" on:click=move |_| flow::authenticate(desk, Who::Mailbox)>
                    {t!(language, shell.try_again)}
                </button>
                <button type="button" class="button button--quiet" id="approval-withdraw" on:click=move |_| requests::withdraw_approval(desk)>
                    {t!(language, status.approval.withdraw)}
                </button>
            </p>
            <p class="small">{t!(language, status.approval.not_told)}</p>
            <Permissions permissions=permissions.clone()/>
            <Mail link permissions/>
        </section>
    }
}

#[component]
fn Permissions(permissions: Vec<String>) -> impl IntoView {
    let language = Desk::here().language;
    let permissions = StoredValue::new(permissions);
    let allowed = move || {
        let lines = permissions.with_value(|names| permission::allowed(language.get(), names));
        lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()
    };
    let not_allowed = move || {
        let lines = permissions.with_value(|names| permission::not_allowed(language.get(), names));
        lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()
    };
    view! {
        <h4>{t!(language, status.approval.permissions)}</h4>
        <ul class="list list--yes" id="approval-permissions">{allowed}</ul>
        <ul class="list list--no" id="approval-not">{not_allowed}</ul>
    }
}

#[component]
fn Mail(link: String, permissions: Vec<String>) -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    let letter_language = LetterLanguage::new(desk);
    let case = Memo::new(move |_| desk.view.with(Case::of));
    let address = {
        let link = link.clone();
        move || letter::approval_address(letter_language.get(), &case.read(), &link)
    };
    let text =
        Signal::derive(move || letter::approval(letter_language.get(), &case.read(), &link, &permissions));
    view! {
        <h4>{t!(language, status.approval.mail)}</h4>
        <p class="small">{t!(language, status.approval.mail_lead)}</p>
        <LetterBox id="approval-mail" language=letter_language text/>
        <p class="actions">
            <CopyButton id="copy-approval-mail" text
                label=Signal::derive(move || t!(language, status.approval.copy_mail)())
                said=Signal::derive(move || t!(language, status.approval.mail_copied)())/>
            <a class="button" id="send-approval-mail" href=address rel="external">{t!(language, status.approval.send_mail)}</a>
        </p>
    }
}
