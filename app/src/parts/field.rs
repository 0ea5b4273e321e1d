//! Label, control, hint and what is wrong with it, tied together for screen readers.

use leptos::prelude::*;

use crate::i18n::Locale;
use crate::mailbox::Desk;
use crate::settings::draft::Draft;
use crate::settings::field::Field;
use crate::words::field;

/// The place of a text within the form.
pub(crate) type Part = fn(&mut Draft) -> &mut String;

/// How a field differs from a plain line of text.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shape {
    pub(crate) kind: Option<&'static str>,
    pub(crate) input_mode: Option<&'static str>,
    pub(crate) autocomplete: Option<&'static str>,
    /// `field--short` and the like.
    pub(crate) class: &'static str,
    pub(crate) unit: Option<fn(Locale) -> &'static str>,
    /// More than one line.
    pub(crate) lines: bool,
    pub(crate) optional: bool,
}

/// One field of the form. The label comes from the field itself.
#[component]
pub(crate) fn TextField(
    field: Field,
    part: Part,
    #[prop(optional)] shape: Shape,
    #[prop(optional, into)] hint: Option<Signal<String>>,
) -> impl IntoView {
    let desk = Desk::here();
    let id = field.id();
    let value = move || desk.draft.with(|draft| part(&mut draft.clone()).clone());
    let typed = move |text: String| desk.draft.update(|draft| *part(draft) = text);
    let wrong = wrong_with(desk, field);
    let hint_id = hint.map(|_| format!("{id}-hint"));
    let unit_id = shape.unit.map(|_| format!("{id}-unit"));
    let described = {
        let (hint_id, unit_id) = (hint_id.clone(), unit_id.clone());
        move || {
            let error = wrong.with(Option::is_some).then(|| format!("{id}-wrong"));
            let ids: Vec<_> = [unit_id.clone(), error, hint_id.clone()].into_iter().flatten().collect();
            (!ids.is_empty()).then(|| ids.join(" "))
        }
    };
    let refused = move || wrong.with(Option::is_some).then_some("true");
    let control = if shape.lines {
        view! {
            <textarea id=id rows="2" spellcheck="false" autocapitalize="off" prop:value=value
                aria-describedby=described aria-invalid=refused
                on:input=move |event| typed(event_target_value(&event))></textarea>
        }
        .into_any()
    } else {
        view! {
            <input id=id name=id type=shape.kind.unwrap_or("text") inputmode=shape.input_mode
                autocomplete=shape.autocomplete.unwrap_or("off") autocapitalize="off" spellcheck="false"
                prop:value=value aria-describedby=described aria-invalid=refused
                on:input=move |event| typed(event_target_value(&event))/>
        }
        .into_any()
    };
    view! {
        <div class=format!("field {}", shape.class) class:field--wrong=move || wrong.with(Option::is_some)>
            <label for=id>
                {move || field::label(desk.language.get(), field)}
                {shape.optional.then(|| view! { <span class="field__optional">" ("{move || leptos_i18n::td_string!(desk.language.get(), shell.optional)}")"</span> })}
            </label>
            {hint.map(|hint| view! { <p class="field__hint" id=hint_id>{hint}</p> })}
            <FieldWrong field/>
            <div class="field__control">
                {control}
                {shape.unit.map(|unit| view! { <span class="field__unit" id=unit_id>{move || unit(desk.language.get())}</span> })}
            </div>
        </div>
    }
}

/// What is wrong with a field, where the eye is when it looks at the field.
#[component]
pub(crate) fn FieldWrong(field: Field) -> impl IntoView {
    let wrong = wrong_with(Desk::here(), field);
    move || {
        let id = format!("{}-wrong", field.id());
        wrong.get().map(|words| view! { <p class="field__wrong" id=id>{words}</p> })
    }
}

pub(crate) fn wrong_with(desk: Desk, field: Field) -> Memo<Option<String>> {
    Memo::new(move |_| {
        let locale = desk.language.get();
        desk.wrong.with(|all| {
            all.iter().find(|(at, _)| *at == field).map(|(_, wrong)| field::wrong(locale, field, wrong))
        })
    })
}
