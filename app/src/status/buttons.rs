//! Authenticate, Remove, Status; and Check again where that may help.

use api::MailboxState;
use leptos::prelude::*;

use super::remove::RemoveDialog;
use crate::browser::announce::announce;
use crate::browser::language::t;
use crate::browser::page;
use crate::consent::flow::{self, Who};
use crate::mailbox::desk::{Notice, SignIn};
use crate::mailbox::{Desk, requests, server_test};
use crate::words::state::{self, Primary};

/// The three buttons of the seed.
#[component]
pub(crate) fn Buttons() -> impl IntoView {
    let desk = Desk::here();
    let asking = RwSignal::new(false);
    let changed = Memo::new(move |_| desk.changed());
    let has_authentication = Memo::new(move |_| desk.view.with(|view| view.authentication.is_some()));
    let state = Memo::new(move |_| desk.view.with(|view| view.state));
    let helps = move || {
        let away = desk.sign_in.with(|sign_in| *sign_in != SignIn::Not);
        let told = desk.notice.with(|notice| notice.as_ref().is_some_and(Notice::offers_a_step));
        !away && !told && state::look(state.get()).primary == Primary::Authenticate
    };
    // A mail server of one's own has nobody to sign in.
    let signs_in = Memo::new(move |_| desk.view.with(|view| view.settings.kind.signs_in()));
    // Whatever holds mail may have been mended meanwhile, also where the state tells nothing of it.
    let holds = Memo::new(move |_| desk.view.with(|view| !view.held.is_empty()));
    let can_check = move || {
        use MailboxState::{AdministratorNeeded, RegistrationBroken, ServerRefuses};
        holds.get() || matches!(state.get(), AdministratorNeeded | RegistrationBroken | ServerRefuses)
    };
    let check_helps = move || state::look(state.get()).primary == Primary::CheckAgain;
    let busy = move || desk.sign_in.with(|sign_in| matches!(sign_in, SignIn::Starting | SignIn::Finishing));
    let authenticate = move |_| {
        if changed.get_untracked() {
            // Unavailable, and the reason stands next to it: lead to what makes it available.
            announce(untrack(t!(desk.language, status.save_first)));
            page::focus("save");
        } else if !untrack(busy) {
            flow::authenticate(desk, Who::Mailbox);
        }
    };
    let test = move |_| {
        if changed.get_untracked() {
            announce(untrack(t!(desk.language, status.test.save_first)));
            page::focus("save");
        } else {
            server_test::start(desk);
        }
    };
    let save_first = move || {
        if signs_in.get() {
            t!(desk.language, status.save_first)()
        } else {
            t!(desk.language, status.test.save_first)()
        }
    };
    view! {
        <div class="actions" role="group" aria-label=t!(desk.language, status.heading)>
            <Show when=can_check>
                <button type="button" id="check-again" class="button" class:button--primary=check_helps
                    aria-busy=move || desk.checking.get().to_string()
                    on:click=move |_| requests::check_again(desk)>
                    {t!(desk.language, status.check)}
                </button>
            </Show>
            <Show when=move || signs_in.get()>
            <button type="button" id="authenticate" class="button" class:button--primary=helps
                aria-disabled=move || changed.get().to_string()
                aria-busy=move || busy().to_string()
                aria-describedby=move || changed.get().then_some("save-first")
                on:click=authenticate>
                {t!(desk.language, status.authenticate)}
            </button>
            <button type="button" id="remove" class="button"
                disabled=move || !has_authentication.get()
                aria-describedby="state"
                on:click=move |_| asking.set(true)>
                {t!(desk.language, status.remove)}
            </button>
            </Show>
            <Show when=move || !signs_in.get()>
                <button type="button" id="test-server" class="button"
                    aria-disabled=move || changed.get().to_string()
                    aria-busy=move || desk.test.with(|run| run.busy).to_string()
                    aria-describedby=move || changed.get().then_some("save-first")
                    on:click=test>
                    {t!(desk.language, status.test.button)}
                </button>
            </Show>
            <button type="button" id="status" class="button" aria-busy=move || desk.fetching.get().to_string()
                on:click=move |_| desk.fetch(true)>
                {t!(desk.language, status.status)}
            </button>
        </div>
        <Show when=move || changed.get()>
            <p class="hint" id="save-first">{save_first}</p>
        </Show>
        <Show when=move || asking.get()>
            <RemoveDialog asking/>
        </Show>
    }
}
