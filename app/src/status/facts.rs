//! The dates and names of the seed's status tab.

use api::{AuthenticationView, CredentialType, RegistrationOwner, RegistrationView, Timestamp};
use leptos::prelude::*;

use crate::browser::intl;
use crate::browser::language::t;
use crate::consent::flow;
use crate::mailbox::Desk;
use crate::parts::breaks::Breaks;

/// Who, when, what; then what waits and what went.
#[component]
pub(crate) fn Facts() -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    let authentication = Memo::new(move |_| desk.view.with(|view| view.authentication.clone()));
    let registration = Memo::new(move |_| desk.view.with(|view| view.registration.clone()));
    let waiting = Memo::new(move |_| desk.view.with(|view| view.waiting));
    let handed_over = Memo::new(move |_| desk.view.with(|view| view.handed_over_at));
    let waiting_words = move || match waiting.get() {
        0 => t!(language, status.waiting_none)().to_owned(),
        count => count.to_string(),
    };
    let handed_over_words = move || match handed_over.get() {
        None => t!(language, status.handed_over_never)().into_any(),
        Some(at) => view! {
            <Moment at/>
            <span class="small">{t!(language, status.handed_over_about)}</span>
        }
        .into_any(),
    };
    view! {
        <dl class="facts" id="facts">
            {move || authentication.get().map(|authentication| view! { <OfAuthentication authentication/> })}
            <div>
                <dt>{t!(language, status.waiting)}</dt>
                <dd id="waiting" data-count=move || waiting.get().to_string()>{waiting_words}</dd>
            </div>
            <div><dt>{t!(language, status.handed_over)}</dt><dd id="handed-over">{handed_over_words}</dd></div>
            {move || registration.get().map(|registration| view! { <Registration registration/> })}
        </dl>
    }
}

#[component]
fn OfAuthentication(authentication: AuthenticationView) -> impl IntoView {
    let language = Desk::here().language;
    let permissions = authentication
        .permissions
        .into_iter()
        .map(|permission| {
            let extra = (!permission.needed)
                .then(|| view! { <span class="small">" "{t!(language, status.permission_extra)}</span> });
            view! { <li><code>{permission.name}</code>{extra}</li> }
        })
        .collect_view();
    view! {
        <div>
            <dt>{t!(language, status.authenticated_at)}</dt>
            <dd id="authenticated-at"><Moment at=authentication.authenticated_at/></dd>
        </div>
        <div><dt>{t!(language, status.by)}</dt><dd id="authenticated-by"><Breaks text=flow::named(&authentication.account)/></dd></div>
        <div>
            <dt>{t!(language, status.refresh_renewed)}</dt>
            <dd id="refresh-renewed-at"><Moment at=authentication.refresh_token_renewed_at/></dd>
        </div>
        <div>
            <dt>{t!(language, status.permissions)}</dt>
            <dd><ul class="plain">{permissions}</ul></dd>
        </div>
        <div>
            <dt>{t!(language, status.tenant)}</dt>
            <dd><code class="code" id="tenant">{authentication.tenant}</code></dd>
        </div>
    }
}

/// With which app it signs in; quiet, because only an administrator needs it.
#[component]
fn Registration(registration: RegistrationView) -> impl IntoView {
    let language = Desk::here().language;
    let RegistrationView { owner, client_id, credential, expires_at, .. } = registration;
    let (word, owner) = match owner {
        RegistrationOwner::Installation => {
            ("installation", t!(language, status.registration_owner.installation))
        }
        RegistrationOwner::Organisation => {
            ("organisation", t!(language, status.registration_owner.organisation))
        }
    };
    let name = match credential {
        CredentialType::Secret => t!(language, status.registration_credential.secret),
        CredentialType::Certificate => t!(language, status.registration_credential.certificate),
    };
    let proof = move || match expires_at {
        None => name().to_owned(),
        Some(end) => {
            let when = intl::end(language, end);
            t!(language, status.registration_ends, credential = name(), when = when.clone())()
        }
    };
    view! {
        <div>
            <dt>{t!(language, status.registration)}</dt>
            <dd id="registration" data-owner=word>
                <span>{t!(language, status.registration_id)}" "<code class="code" id="client-id">{client_id}</code></span>
                <span class="small">{owner}</span>
                <span class="small">{proof}</span>
            </dd>
        </div>
    }
}

/// `23 November 2026 at 19:40` and how long ago that is.
#[component]
fn Moment(at: Timestamp) -> impl IntoView {
    let desk = Desk::here();
    view! {
        <time datetime=at.to_string()>{move || intl::long(desk.language, at)}</time>
        <span class="small">{move || intl::relative(desk.language, at, desk.now())}</span>
    }
}
