//! Adding a mailbox: an address is enough, everything else is settings.

use api::{CreateMailbox, CreatedMailbox, Kind};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_i18n::td_string;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::browser::announce::announce;
use crate::browser::http::{self, Trouble};
use crate::browser::language::{Language, t};
use crate::browser::page;
use crate::pages::session::Session;
use crate::parts::details::Details;
use crate::settings::draft::looks_like_address;
use crate::words::problem;

/// For an organisation without any.
#[component]
pub(crate) fn AddFirst(organisation: String) -> impl IntoView {
    let language = Language::here();
    view! {
        <section class="section" aria-labelledby="add-heading">
            <div class="section__about">
                <h2 id="add-heading">{t!(language, page.mailbox.add_first)}</h2>
                <p>{move || td_string!(language.get(), page.mailbox.add_first_lead, organisation = organisation.clone())}</p>
            </div>
            <div class="section__body"><AddForm/></div>
        </section>
    }
}

/// Folded away next to the others.
#[component]
pub(crate) fn AddAnother() -> impl IntoView {
    let language = Language::here();
    view! {
        <details class="details details--add" id="add-mailbox">
            <summary>{t!(language, page.mailbox.add)}</summary>
            <p class="small">{t!(language, page.mailbox.add_lead)}</p>
            <AddForm/>
        </details>
    }
}

#[component]
fn AddForm() -> impl IntoView {
    let language = Language::here();
    let address = RwSignal::new(String::new());
    let wrong = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let trouble = RwSignal::new(None::<(Trouble, f64)>);
    let session = Session::here();
    let navigate = StoredValue::new_local(use_navigate());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let typed = address.get_untracked().trim().to_owned();
        trouble.set(None);
        wrong.set(!looks_like_address(&typed));
        if wrong.get_untracked() {
            page::focus("new-address");
        } else if !busy.get_untracked() {
            busy.set(true);
            spawn_local(async move {
                let body = CreateMailbox { address: typed.clone(), kind: Kind::default(), shared: false };
                match http::post::<_, CreatedMailbox>("/api/mailboxes", &body).await {
                    Ok(created) => {
                        announce(td_string!(language.get_untracked(), page.mailbox.added, address = typed));
                        session.refresh();
                        let path = format!("/mailboxes/{}", created.id);
                        navigate.try_with_value(|navigate| navigate(&path, NavigateOptions::default()));
                    }
                    Err(error) => {
                        trouble.try_set(Some((error, page::clock())));
                        page::focus("add-trouble");
                    }
                }
                busy.try_set(false);
            });
        }
    };
    let told = move || {
        trouble.get().map(|(trouble, at)| {
            let words = problem::of_trouble(language.get(), &trouble);
            view! {
                <div class="notice" data-tone="blocked" id="add-trouble" tabindex="-1">
                    <p class="notice__heading">{words.heading}</p>
                    <p>{words.sentence}" "{words.step}</p>
                    <Details trouble at/>
                </div>
            }
        })
    };
    view! {
        <form novalidate on:submit=submit>
            {told}
            <div class="field" class:field--wrong=wrong>
                <label for="new-address">{t!(language, settings.address)}</label>
                <Show when=move || wrong.get()>
                    <p class="field__wrong" id="new-address-wrong">{t!(language, field.address_form)}</p>
                </Show>
                <div class="field__control">
                    <input id="new-address" type="text" inputmode="email" autocomplete="off" autocapitalize="off"
                        spellcheck="false" bind:value=address aria-invalid=move || wrong.get().then_some("true")
                        aria-describedby=move || wrong.get().then_some("new-address-wrong")/>
                </div>
            </div>
            <p class="actions">
                <button type="submit" class="button button--primary" id="add" aria-busy=move || busy.get().to_string()>
                    {t!(language, page.mailbox.add_button)}
                </button>
            </p>
        </form>
    }
}
