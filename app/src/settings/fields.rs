//! The fields that belong to the chosen kind.

use api::{Kind, MESSAGE_BYTES_SETTING_MAX};
use leptos::prelude::*;
use leptos_i18n::td_string;

use super::field::Field;
use super::keeping::Keeping;
use super::smtp_fields::SmtpFields;
use crate::browser::language::t;
use crate::mailbox::Desk;
use crate::parts::field::{FieldWrong, Shape, TextField};
use crate::words::{field, size};

const ADDRESS: Shape = Shape {
    kind: None,
    input_mode: Some("email"),
    autocomplete: Some("off"),
    class: "",
    unit: None,
    lines: false,
    optional: false,
};
const ALIASES: Shape = Shape { lines: true, optional: true, ..ADDRESS };
const SIZE: Shape =
    Shape { input_mode: Some("decimal"), class: "field--short", unit: Some(|_| "MB"), ..ADDRESS };

/// Everything below the choice of kind.
#[component]
pub(crate) fn Fields() -> impl IntoView {
    let desk = Desk::here();
    let kind = Memo::new(move |_| desk.draft.with(|draft| draft.kind));
    let of_kind = move || match kind.get() {
        Kind::GraphOAuth2 => view! { <Shared/><Aliases/> }.into_any(),
        Kind::SmtpOAuth2 => view! { <Shared/><Aliases/><FixedServer/> }.into_any(),
        Kind::SmtpBasic => view! { <Aliases/><SmtpFields/> }.into_any(),
    };
    view! {
        <TextField field=Field::Address part=|draft| &mut draft.address shape=ADDRESS
            hint=Signal::derive(move || t!(desk.language, settings.address_hint)().to_owned())/>
        {of_kind}
        <MessageSize/>
        <Keeping/>
    }
}

#[component]
fn Aliases() -> impl IntoView {
    let desk = Desk::here();
    view! {
        <TextField field=Field::Aliases part=|draft| &mut draft.aliases shape=ALIASES
            hint=Signal::derive(move || t!(desk.language, settings.aliases_hint)().to_owned())/>
    }
}

/// A mailbox that nobody can sign in as; only for the kinds that sign in.
#[component]
fn Shared() -> impl IntoView {
    let desk = Desk::here();
    let id = Field::Shared.id();
    view! {
        <div class="check">
            <input type="checkbox" id=id aria-describedby="shared-hint"
                prop:checked=move || desk.draft.with(|draft| draft.shared)
                on:change=move |event| {
                    let checked = event_target_checked(&event);
                    desk.draft.update(|draft| draft.shared = checked);
                }/>
            <label for=id>{move || field::label(desk.language.get(), Field::Shared)}</label>
            <p class="check__hint field__hint" id="shared-hint">{t!(desk.language, settings.shared_hint)}</p>
            <FieldWrong field=Field::Shared/>
        </div>
    }
}

/// Nothing to choose, so nothing to type: Microsoft's submission server.
#[component]
fn FixedServer() -> impl IntoView {
    let desk = Desk::here();
    view! {
        <div class="field" id="server-fixed">
            <p class="field__label">{t!(desk.language, settings.server_fixed)}</p>
            <p class="field__hint">{t!(desk.language, settings.server_fixed_hint)}</p>
            <p class="fixed">"smtp.office365.com:587 · "{t!(desk.language, settings.security_starttls)}</p>
        </div>
    }
}

#[component]
fn MessageSize() -> impl IntoView {
    let desk = Desk::here();
    let hint = move || {
        let locale = desk.language.get();
        td_string!(
            locale,
            settings.message_size_hint,
            max = size::megabytes(MESSAGE_BYTES_SETTING_MAX, locale)
        )
    };
    // What the Worker said belongs to what is saved; for a kind that is only being tried there is nothing to say.
    let effective = move || {
        let locale = desk.language.get();
        desk.view.with(|view| {
            let kind = view.settings.kind;
            let less = view.message_bytes_effective < view.settings.message_bytes_max;
            (less && desk.draft.with(|draft| draft.kind == kind)).then(|| {
                let size = size::megabytes(view.message_bytes_effective, locale);
                match kind {
                    Kind::GraphOAuth2 => td_string!(locale, settings.message_size_effective, size = size),
                    Kind::SmtpOAuth2 | Kind::SmtpBasic => {
                        td_string!(locale, settings.message_size_effective_smtp, size = size)
                    }
                }
            })
        })
    };
    view! {
        <TextField field=Field::MessageSize part=|draft| &mut draft.message_size shape=SIZE hint=Signal::derive(hint)/>
        {move || effective().map(|words| view! { <p class="hint" id="message-size-effective">{words}</p> })}
    }
}
