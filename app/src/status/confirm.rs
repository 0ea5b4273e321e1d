//! What is right only if a person says so: another account, or a first Microsoft organisation.

use api::ConfirmReason;
use leptos::prelude::*;
use leptos_i18n::td_string;

use crate::browser::language::t;
use crate::consent::flow;
use crate::mailbox::Desk;
use crate::mailbox::desk::{Question, SignIn};
use crate::parts::breaks::Breaks;
use crate::parts::modal::Modal;

/// Shown while a question stands open.
#[component]
pub(crate) fn ConfirmDialog() -> impl IntoView {
    let desk = Desk::here();
    move || match desk.sign_in.get() {
        SignIn::Asks(question) => Some(view! { <Asking question=*question/> }),
        _ => None,
    }
}

#[component]
fn Asking(question: Question) -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    let question = StoredValue::new(question);
    let say = move |confirmed| question.with_value(|question| flow::answer(desk, question, confirmed));
    let account = question.with_value(|question| question.account.clone());
    let tenant = question.with_value(|question| question.tenant.clone());
    let who = move || td_string!(language.get(), consent.confirm.who, account = account.clone());
    let tenant = move || td_string!(language.get(), consent.confirm.tenant, tenant = tenant.clone());
    let reasons = move || {
        let locale = language.get();
        let reasons = question.with_value(|question| question.reasons.clone()).into_iter();
        let words = reasons.map(|reason| match reason {
            ConfirmReason::PinTenant => td_string!(locale, consent.confirm.pin_tenant).to_owned(),
            ConfirmReason::AnotherAccount { before } => {
                td_string!(locale, consent.confirm.another_account, before = flow::named(&before))
            }
        });
        words.map(|words| view! { <li>{words}</li> }).collect_view()
    };
    let heading = Signal::derive(move || t!(language, consent.confirm.heading)().to_owned());
    view! {
        <Modal id="confirm-dialog" heading dismiss=move || say(false)>
            <p><strong><Breaks text=Signal::derive(who)/></strong></p>
            <p class="small">{tenant}</p>
            <ul class="list">{reasons}</ul>
            <p class="actions actions--end">
                <button type="button" class="button" id="confirm-no" on:click=move |_| say(false)>
                    {t!(language, consent.confirm.no)}
                </button>
                <button type="button" class="button button--primary" id="confirm-yes" on:click=move |_| say(true)>
                    {t!(language, consent.confirm.yes)}
                </button>
            </p>
        </Modal>
    }
}
