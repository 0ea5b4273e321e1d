//! How long messages are kept, and which are sent again by themselves: folded away, since few need to change it.

use api::{KEPT_DAYS_MAX, LOG_DAYS_DEFAULT, LOG_DAYS_MIN, MailboxSettings};
use leptos::html::Details;
use leptos::prelude::*;
use leptos_i18n::td_string;

use super::field::Field;
use crate::browser::language::t;
use crate::mailbox::Desk;
use crate::parts::field::{FieldWrong, Shape, TextField};
use crate::words::field;

const FIELDS: [Field; 3] = [Field::ContentDays, Field::LogDays, Field::RepeatUnknown];

const DAYS: Shape = Shape {
    kind: None,
    input_mode: Some("numeric"),
    autocomplete: Some("off"),
    class: "field--short",
    unit: Some(|locale| td_string!(locale, settings.keeping.unit)),
    lines: false,
    optional: false,
};

/// Opens by itself where there is something to see; only a person closes it.
#[component]
pub(crate) fn Keeping() -> impl IntoView {
    let desk = Desk::here();
    let node = NodeRef::<Details>::new();
    let open_if = move |needed: bool| {
        if needed && let Some(details) = node.get() {
            details.set_open(true);
        }
    };
    let unusual = Memo::new(move |_| desk.base.with(|base| is_unusual(&base.settings)));
    Effect::new(move || open_if(unusual.get()));
    Effect::new(move || open_if(desk.wrong.with(|wrong| wrong.iter().any(|(at, _)| FIELDS.contains(at)))));
    let max = KEPT_DAYS_MAX;
    view! {
        <details class="details" id="keeping" node_ref=node>
            <summary>{t!(desk.language, settings.keeping.heading)}</summary>
            <div class="details__fields">
                <TextField field=Field::ContentDays part=|draft| &mut draft.content_days shape=DAYS
                    hint=Signal::derive(move || td_string!(desk.language.get(), settings.keeping.content_hint, max = max))/>
                <TextField field=Field::LogDays part=|draft| &mut draft.log_days shape=DAYS
                    hint=Signal::derive(move || td_string!(desk.language.get(), settings.keeping.log_hint, min = LOG_DAYS_MIN, max = max))/>
                <RepeatUnknown/>
            </div>
        </details>
    }
}

#[component]
fn RepeatUnknown() -> impl IntoView {
    let desk = Desk::here();
    let id = Field::RepeatUnknown.id();
    view! {
        <div class="check">
            <input type="checkbox" id=id aria-describedby="repeat-unknown-hint"
                prop:checked=move || desk.draft.with(|draft| draft.repeat_unknown)
                on:change=move |event| {
                    let checked = event_target_checked(&event);
                    desk.draft.update(|draft| draft.repeat_unknown = checked);
                }/>
            <label for=id>{move || field::label(desk.language.get(), Field::RepeatUnknown)}</label>
            <p class="check__hint field__hint" id="repeat-unknown-hint">{t!(desk.language, settings.keeping.repeat_hint)}</p>
            <FieldWrong field=Field::RepeatUnknown/>
        </div>
    }
}

/// Whether any of it is not as it is in a new mailbox.
const fn is_unusual(settings: &MailboxSettings) -> bool {
    settings.content_days != 0 || settings.log_days != LOG_DAYS_DEFAULT || settings.repeat_unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_mailbox_has_nothing_to_see_here() {
        let usual = MailboxSettings::new("info@example.nl");
        assert!(!is_unusual(&usual));
        assert!(is_unusual(&MailboxSettings { content_days: 1, ..usual.clone() }));
        assert!(is_unusual(&MailboxSettings { log_days: 31, ..usual.clone() }));
        assert!(is_unusual(&MailboxSettings { repeat_unknown: true, ..usual }));
    }
}
