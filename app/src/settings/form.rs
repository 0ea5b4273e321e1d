//! The form as a whole: summary of what is wrong, kind, fields, Save.

use leptos::prelude::*;
use leptos_i18n::td_string;

use super::advice::WhichKind;
use super::change::ChangeDialog;
use super::fields::Fields;
use super::kind::KindChoice;
use super::save::save;
use crate::browser::language::t;
use crate::browser::page;
use crate::mailbox::Desk;
use crate::words::field;

/// Settings of one mailbox.
#[component]
pub(crate) fn SettingsForm() -> impl IntoView {
    let desk = Desk::here();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        save(desk);
    };
    view! {
        <section class="section" aria-labelledby="settings-heading">
            <div class="section__about">
                <h2 id="settings-heading">{t!(desk.language, settings.heading)}</h2>
                <p>{t!(desk.language, settings.lead)}</p>
            </div>
            <form class="section__body" id="settings" novalidate on:submit=submit>
                <WrongSummary/>
                <KindChoice/>
                <WhichKind/>
                <Fields/>
                <SaveBar/>
            </form>
            <ChangeDialog/>
        </section>
    }
}

#[component]
fn WrongSummary() -> impl IntoView {
    let desk = Desk::here();
    let heading = move || match desk.wrong.with(Vec::len) {
        1 => td_string!(desk.language.get(), settings.errors_single).to_owned(),
        count => td_string!(desk.language.get(), settings.errors_many, count = count),
    };
    let links = move || {
        let locale = desk.language.get();
        let wrong = desk.wrong.get().into_iter();
        wrong
            .map(|(at, wrong)| {
                let words = format!("{}: {}", field::label(locale, at), field::wrong(locale, at, &wrong));
                let go = move |event: leptos::ev::MouseEvent| {
                    event.prevent_default();
                    page::focus(at.id());
                };
                view! { <li><a href=format!("#{}", at.id()) rel="external" on:click=go>{words}</a></li> }
            })
            .collect_view()
    };
    view! {
        <Show when=move || desk.wrong.with(|wrong| !wrong.is_empty())>
            <div class="notice" data-tone="blocked" id="wrong-summary" tabindex="-1" role="group"
                aria-labelledby="wrong-summary-heading">
                <h3 class="notice__heading" id="wrong-summary-heading">{heading}</h3>
                <ul class="list">{links}</ul>
            </div>
        </Show>
    }
}

#[component]
fn SaveBar() -> impl IntoView {
    let desk = Desk::here();
    let changed = Memo::new(move |_| desk.changed());
    let ends_authentication = move || {
        desk.view.with(|view| {
            view.authentication.is_some()
                && desk.draft.with(|draft| draft.ends_authentication(&view.settings))
        })
    };
    let said = move || {
        if changed.get() {
            t!(desk.language, settings.changed)()
        } else {
            t!(desk.language, settings.unchanged)()
        }
    };
    let undo = move |_| {
        desk.undo();
        page::focus("save");
    };
    view! {
        <div class="save">
            <Show when=ends_authentication>
                <p class="hint" data-tone="attention" id="ends-authentication">{t!(desk.language, settings.ends_authentication)}</p>
            </Show>
            <div class="actions">
                <button type="submit" class="button button--primary" id="save"
                    data-changed=move || changed.get().to_string()
                    aria-busy=move || desk.saving.get().to_string()>
                    {t!(desk.language, settings.save)}
                </button>
                <Show when=move || changed.get()>
                    <button type="button" class="button button--quiet" id="undo" on:click=undo>{t!(desk.language, settings.undo)}</button>
                </Show>
                <p class="save__said small" id="save-said">{said}</p>
            </div>
        </div>
    }
}
