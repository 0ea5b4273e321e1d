//! The status panel as a whole.

use leptos::prelude::*;

use super::administrator::Administrator;
use super::approval::Approval;
use super::asked::Asked;
use super::attention::Unseen;
use super::buttons::Buttons;
use super::confirm::ConfirmDialog;
use super::facts::Facts;
use super::lives::Lives;
use super::server_test::ServerTest;
use super::waiting::Waiting;
use super::warnings::{UrgentWarning, Warnings};
use super::why::Why;
use crate::browser::intl;
use crate::browser::language::t;
use crate::mailbox::Desk;
use crate::words::life;

/// State first, in one look, below nothing but what is about to end it; then what to do; then the dates.
#[component]
pub(crate) fn StatusPanel() -> impl IntoView {
    let desk = Desk::here();
    let signs_in = Memo::new(move |_| desk.view.with(|view| view.settings.kind.signs_in()));
    // Whoever asks an administrator reads there what is asked.
    let asks_first =
        Memo::new(move |_| desk.view.with(|view| view.authentication.is_none() && view.approval.is_none()));
    let lives = Memo::new(move |_| desk.view.with(life::counts));
    let fetched = move || {
        let at = desk.view.with(|view| view.now);
        t!(desk.language, status.fetched, when = intl::long(desk.language, at))()
    };
    view! {
        <section class="section section--status" aria-labelledby="status-heading">
            <div class="section__about">
                <h2 id="status-heading">{t!(desk.language, status.heading)}</h2>
                <p id="fetched">{fetched}</p>
            </div>
            <div class="section__body">
                <UrgentWarning/>
                <Why/>
                <Unseen/>
                <Waiting/>
                <Administrator/>
                <Approval/>
                <Buttons/>
                <ServerTest/>
                <Show when=move || signs_in.get() && asks_first.get()>
                    <Asked/>
                </Show>
                <Warnings/>
                <Show when=move || lives.get()>
                    <Lives/>
                </Show>
                <Facts/>
                <ConfirmDialog/>
            </div>
        </section>
    }
}
