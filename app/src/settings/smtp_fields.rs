//! What a mail server of one's own needs.

use api::Security;
use leptos::prelude::*;

use super::access_code::AccessCode;
use super::field::Field;
use super::provider::ProviderHint;
use super::relay_fields::RelayFields;
use crate::browser::language::t;
use crate::mailbox::Desk;
use crate::parts::field::{FieldWrong, Shape, TextField};
use crate::words::field;

const SECURITIES: [(Security, &str); 3] =
    [(Security::Starttls, "starttls"), (Security::Tls, "tls"), (Security::None, "none")];

/// A name on the internet.
pub(super) const SERVER: Shape = Shape {
    kind: None,
    input_mode: Some("url"),
    autocomplete: Some("off"),
    class: "",
    unit: None,
    lines: false,
    optional: false,
};
const PORT: Shape = Shape { input_mode: Some("numeric"), class: "field--short", ..SERVER };
const USER_NAME: Shape = Shape { input_mode: None, autocomplete: Some("username"), ..SERVER };

/// Server, port, security, and how to sign in there.
#[component]
pub(crate) fn SmtpFields() -> impl IntoView {
    let desk = Desk::here();
    let authenticates = move || desk.draft.with(|draft| draft.server_authentication);
    let no_security = move || desk.draft.with(|draft| draft.security == Security::None);
    view! {
        <TextField field=Field::Server part=|draft| &mut draft.server shape=SERVER
            hint=Signal::derive(move || t!(desk.language, settings.server_hint)().to_owned())/>
        <ProviderHint/>
        <div class="row">
            <TextField field=Field::Port part=|draft| &mut draft.port shape=PORT/>
            <SecurityField/>
        </div>
        <Show when=no_security>
            <p class="hint" data-tone="attention">{t!(desk.language, settings.security_none_hint)}</p>
        </Show>
        <div class="check">
            <input type="checkbox" id=Field::ServerAuthentication.id()
                prop:checked=authenticates
                on:change=move |event| {
                    let checked = event_target_checked(&event);
                    desk.draft.update(|draft| draft.server_authentication = checked);
                }/>
            <label for=Field::ServerAuthentication.id()>{move || field::label(desk.language.get(), Field::ServerAuthentication)}</label>
            <FieldWrong field=Field::ServerAuthentication/>
        </div>
        <Show when=authenticates>
            <TextField field=Field::UserName part=|draft| &mut draft.user_name shape=USER_NAME/>
            <AccessCode/>
        </Show>
        <RelayFields/>
    }
}

#[component]
fn SecurityField() -> impl IntoView {
    let desk = Desk::here();
    let id = Field::Security.id();
    let words = move |security| field::security(desk.language.get(), security);
    let chosen = move |event: leptos::ev::Event| {
        let value = event_target_value(&event);
        if let Some((security, _)) = SECURITIES.iter().find(|(_, word)| *word == value) {
            desk.draft.update(|draft| draft.security = *security);
        }
    };
    let options = SECURITIES.map(|(security, word)| {
        let selected = move || desk.draft.with(|draft| draft.security == security);
        view! { <option value=word prop:selected=selected>{move || words(security)}</option> }
    });
    view! {
        <div class="field">
            <label for=id>{move || field::label(desk.language.get(), Field::Security)}</label>
            <FieldWrong field=Field::Security/>
            <div class="field__control">
                <select id=id on:change=chosen>{options.into_iter().collect_view()}</select>
            </div>
        </div>
    }
}
