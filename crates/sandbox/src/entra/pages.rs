//! The pages of the sign-in: picker, password, and the ones that lead nowhere. Those about consent are in
//! [`super::pages_consent`].
//!
//! Element ids are a contract with tests (`docs/sandbox.md`): `#account-<local part>`, `#password`, `#sign-in`,
//! `#other-account`, `#aadsts`.

use axum::{http::StatusCode, response::Response};
use maud::{Markup, html};

use crate::{
    account::Account,
    entra::{authorize_request::AuthorizeRequest, errors::Refusal},
    html::Page,
    state::{Sandbox, Store},
};

pub(crate) fn picker(id: &str, request: &AuthorizeRequest, store: &Store, sandbox: &Sandbox) -> Response {
    let unknown = request.login_hint.as_deref().filter(|hint| store.directory.by_name(hint).is_none());
    let content = html! {
        main {
            h1 { "Pick an account" }
            p.quiet { "to continue to " strong { "Postbode" } }
            @if let Some(hint) = unknown {
                p.problem { "There is no account " strong { (hint) } " here." }
            }
            form method="post" action=(action(request, "account")) {
                input type="hidden" name="flow" value=(id);
                ul.accounts {
                    @for (element, account) in store.directory.with_ids() {
                        li {
                            button.account type="submit" id=(element)
                                name="account" value=(account.oid) { (person(account)) }
                        }
                    }
                }
            }
        }
    };
    show("Pick an account", content, sandbox)
}

pub(crate) fn password(
    id: &str,
    request: &AuthorizeRequest,
    account: &Account,
    problem: Option<&str>,
    sandbox: &Sandbox,
) -> Response {
    let content = html! {
        main {
            div.account { (person(account)) }
            h1 { "Enter password" }
            form method="post" action=(action(request, "password")) {
                input type="hidden" name="flow" value=(id);
                // For password managers, which file the password under a name.
                input type="hidden" name="username" autocomplete="username" value=(account.upn);
                label for="password" { "Password" }
                @if let Some(problem) = problem { p.problem #problem role="alert" { (problem) } }
                input #password type="password" name="password" required autofocus autocomplete="current-password"
                    aria-describedby=(if problem.is_some() { "problem hint" } else { "hint" });
                p.quiet #hint { "In the sandbox it is " code { (account.password) } "." }
                div.buttons { button.primary #sign-in type="submit" { "Sign in" } }
            }
            form method="post" action=(action(request, "account")) {
                input type="hidden" name="flow" value=(id);
                input type="hidden" name="account" value="";
                button.link #other-account type="submit" { "Use another account" }
            }
        }
    };
    show("Enter password", content, sandbox)
}

/// A refusal that never goes back to the app (section 1.4).
pub(crate) fn refused(refusal: &Refusal, sandbox: &Sandbox) -> Response {
    let content = html! {
        main {
            h1 { "Sorry, but we’re having trouble signing you in." }
            p #aadsts { strong { "AADSTS" (refusal.number) } ": " (refusal.text) }
            p.quiet { "The app is not told about this: Microsoft shows it here, and nothing comes back." }
        }
    };
    Page { title: "Trouble signing in", layout: "signin", refresh: None, content }
        .respond(refusal.status, sandbox)
}

pub(crate) fn signed_out(sandbox: &Sandbox) -> Response {
    let content = html! {
        main {
            h1 { "You signed out of your account" }
            p.quiet { "It’s a good idea to close all browser windows. What an app may do is not changed by this." }
        }
    };
    show("Signed out", content, sandbox)
}

pub(crate) fn show(title: &str, content: Markup, sandbox: &Sandbox) -> Response {
    Page { title, layout: "signin", refresh: None, content }.respond(StatusCode::OK, sandbox)
}

pub(crate) fn action(request: &AuthorizeRequest, step: &str) -> String {
    format!("/{}/sign-in/{step}", request.segment)
}

pub(crate) fn person(account: &Account) -> Markup {
    let initial: String = account.name.chars().take(1).collect();
    html! {
        span.initial aria-hidden="true" { (initial) }
        span.who { span.name { (account.name) } span.quiet { (account.upn) } }
    }
}
