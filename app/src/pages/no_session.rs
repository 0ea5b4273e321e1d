//! What somebody sees who has no session: how to get one.

use api::Code;
use leptos::prelude::*;

use crate::browser::http::Trouble;
use crate::browser::language::{Language, t};
use crate::parts::title::PageTitle;
use crate::words::problem;

/// Without a trouble it explains; with one (a spent link) it says that first.
#[component]
pub(crate) fn NoSession(#[prop(optional_no_strip)] trouble: Option<Trouble>) -> impl IntoView {
    let language = Language::here();
    let told = trouble.filter(|trouble| trouble.code() != Some(Code::SessionEnded));
    let code = told.as_ref().and_then(Trouble::code).map(Code::as_str);
    let words = move || told.as_ref().map(|trouble| problem::of_trouble(language.get(), trouble));
    let title = {
        let words = words.clone();
        move || match words() {
            Some(words) => words.heading.to_owned(),
            None => t!(language, page.no_session.title)().to_owned(),
        }
    };
    let lead = move || match words() {
        Some(words) => words.sentence,
        None => t!(language, page.no_session.lead)().to_owned(),
    };
    view! {
        <div class="prose" id="no-session" data-code=code>
            <PageTitle text=Signal::derive(title)/>
            <p class="lead">{lead}</p>
            <h2>{t!(language, page.no_session.steps)}</h2>
            <ul class="list">
                <li>{t!(language, page.no_session.step_erp)}</li>
                <li>{t!(language, page.no_session.step_ask)}</li>
                <li>{t!(language, page.no_session.step_back)}</li>
            </ul>
        </div>
    }
}
