//! The state of the mailbox: what is the case, why, since when, what to do, and what waits.

use api::{MailboxState, RegistrationOwner, Timestamp};
use leptos::prelude::*;

use super::held::Held;
use crate::browser::intl;
use crate::browser::language::t;
use crate::mailbox::Desk;
use crate::parts::breaks::Breaks;
use crate::parts::details::TroubleDetails;
use crate::parts::icon::ToneIcon;
use crate::words::state;

/// Badge first, then the reasons as visible text.
#[component]
pub(crate) fn Why() -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    let badge = move || {
        let (state, badge) = desk.view.with(|view| (view.state, state::badge_of(language.get(), view)));
        let look = state::look(state);
        view! {
            <p class="state__badge" id="state" data-state=look.json data-tone=look.tone.word()>
                <ToneIcon tone=look.tone/>{badge}
            </p>
        }
    };
    let why = Memo::new(move |_| desk.view.with(|view| state::why(language.get(), view)));
    let since = Memo::new(move |_| desk.view.with(since));
    let next_try = Memo::new(move |_| {
        desk.view.with(|view| {
            let delay = view.delay.as_ref().filter(|_| view.state == MailboxState::Delayed);
            delay.map(|delay| (delay.code, delay.until))
        })
    });
    let turn = Memo::new(move |_| {
        desk.view.with(|view| {
            let owner = view.registration.as_ref().map(|it| it.owner);
            (view.state == MailboxState::RegistrationBroken).then_some(owner).flatten()
        })
    });
    view! {
        <div class="state">
            {badge}
            <p class="state__about" id="state-about"><Breaks text=Signal::derive(move || why.get().0)/></p>
            {move || since.get().map(|since| view! { <Since since/> })}
            {move || why.get().1.map(|step| view! { <p id="state-step">{step}</p> })}
            {move || next_try.get().map(|(code, until)| {
                let words = t!(language, status.next_try, when = intl::long(language, until))();
                view! { <p id="next-try" data-code=code.as_str() data-until=until.to_string()>{words}</p> }
            })}
            {move || turn.get().map(|owner| {
                let (word, words) = match owner {
                    RegistrationOwner::Installation => {
                        ("installation", t!(language, status.turn.installation)())
                    }
                    RegistrationOwner::Organisation => {
                        ("organisation", t!(language, status.turn.organisation)())
                    }
                };
                view! { <p id="turn" data-owner=word>{words}</p> }
            })}
            <Held/>
            <Details/>
        </div>
    }
}

/// Since when it is so, where that is known.
fn since(view: &api::MailboxView) -> Option<Timestamp> {
    use MailboxState as S;
    match view.state {
        S::SignInAgain | S::AdministratorNeeded | S::RegistrationBroken | S::ServerRefuses => {
            view.trouble.as_ref().map(|trouble| trouble.since)
        }
        S::WaitingForApproval => view.approval.as_ref().map(|approval| approval.since),
        S::Removed => view.removed_at,
        S::Ready => view.authentication.as_ref().map(|it| it.authenticated_at),
        // What needs attention has dates of its own.
        S::NotAuthenticated | S::SigningIn | S::Attention | S::Delayed | S::AccessCodeMissing => None,
    }
}

#[component]
fn Since(since: Timestamp) -> impl IntoView {
    let desk = Desk::here();
    let words = move || t!(desk.language, status.since, when = intl::long(desk.language, since))();
    view! {
        <p class="small" id="since" data-since=since.to_string()>
            <time datetime=since.to_string()>{words}</time>" · "{move || intl::relative(desk.language, since, desk.now())}
        </p>
    }
}

/// What an administrator searches with, as long as something stands in the way.
#[component]
fn Details() -> impl IntoView {
    let desk = Desk::here();
    let trouble = Memo::new(move |_| desk.view.with(|view| view.trouble.clone()));
    move || trouble.get().map(|trouble| view! { <TroubleDetails trouble/> })
}
