//! A relay of the mailbox's own, for a mail server that Postbode can't come to.

use leptos::prelude::*;

use super::field::Field;
use super::smtp_fields::SERVER;
use crate::browser::language::t;
use crate::mailbox::Desk;
use crate::parts::field::{Shape, TextField};

const ID: Shape = Shape { input_mode: None, ..SERVER };
// No password manager has anything to keep here.
const KEY: Shape = Shape { kind: Some("password"), autocomplete: Some("off"), ..ID };

/// Whether there is one, and which.
#[component]
pub(crate) fn RelayFields() -> impl IntoView {
    let desk = Desk::here();
    let by_relay = move || desk.draft.with(|draft| draft.by_relay);
    let installation = Memo::new(move |_| desk.view.with(|view| view.installation_relay));
    let key_hint = Memo::new(move |_| {
        let stored = desk.view.with(|view| view.relay_key_stored);
        let moves = desk.draft.with(|draft| desk.base.with(|base| draft.moves_relay(&base.settings)));
        (stored, moves)
    });
    let key_hint = move || match key_hint.get() {
        (true, true) => t!(desk.language, settings.relay.key_again)().to_owned(),
        (true, false) => t!(desk.language, settings.relay.key_keep)().to_owned(),
        (false, _) => t!(desk.language, settings.relay.key_none)().to_owned(),
    };
    view! {
        <div class="check">
            <input type="checkbox" id="by-relay" aria-describedby="by-relay-hint"
                prop:checked=by_relay
                on:change=move |event| {
                    let checked = event_target_checked(&event);
                    desk.draft.update(|draft| draft.by_relay = checked);
                }/>
            <label for="by-relay">{t!(desk.language, settings.relay.use_)}</label>
            <p class="check__hint field__hint" id="by-relay-hint">
                {t!(desk.language, settings.relay.use_hint)}
                <Show when=move || installation.get()>" "{t!(desk.language, settings.relay.installation)}</Show>
            </p>
        </div>
        <Show when=by_relay>
            <TextField field=Field::RelayUrl part=|draft| &mut draft.relay_url shape=SERVER
                hint=Signal::derive(move || t!(desk.language, settings.relay.url_hint)().to_owned())/>
            <TextField field=Field::RelayId part=|draft| &mut draft.relay_id shape=ID
                hint=Signal::derive(move || t!(desk.language, settings.relay.id_hint)().to_owned())/>
            <TextField field=Field::RelayKey part=|draft| &mut draft.relay_key shape=KEY hint=Signal::derive(key_hint)/>
        </Show>
    }
}
