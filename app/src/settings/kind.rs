//! *Soort*: three choices, each with a sentence that helps to choose.

use api::Kind;
use leptos::prelude::*;

use super::field::Field;
use crate::browser::language::t;
use crate::mailbox::Desk;
use crate::parts::field::FieldWrong;
use crate::words::kind;

/// The one that most people need comes first.
const ORDER: [Kind; 3] = [Kind::GraphOAuth2, Kind::SmtpOAuth2, Kind::SmtpBasic];

/// Radio buttons that look like cards.
#[component]
pub(crate) fn KindChoice() -> impl IntoView {
    let desk = Desk::here();
    view! {
        <fieldset class="kinds" id=Field::Kind.id() tabindex="-1">
            <legend>{t!(desk.language, settings.kind.label)}</legend>
            <FieldWrong field=Field::Kind/>
            {ORDER.map(|choice| view! { <KindCard choice/> }).into_iter().collect_view()}
        </fieldset>
    }
}

#[component]
fn KindCard(choice: Kind) -> impl IntoView {
    let desk = Desk::here();
    let (id, about_id) = (kind::id(choice), format!("{}-about", kind::id(choice)));
    let described = about_id.clone();
    view! {
        <div class="kind">
            <input type="radio" name="kind" id=id aria-describedby=described
                prop:checked=move || desk.draft.with(|draft| draft.kind == choice)
                on:change=move |_| desk.draft.update(|draft| draft.kind = choice)/>
            <label for=id>
                <span class="kind__name">{move || kind::name(desk.language.get(), choice)}</span>
                <span class="kind__about" id=about_id>{move || kind::about(desk.language.get(), choice)}</span>
            </label>
        </div>
    }
}
