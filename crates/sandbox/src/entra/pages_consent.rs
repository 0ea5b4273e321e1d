//! The pages about consent: asking for it, and sending those away who may not give it (section 2.3).
//!
//! Element ids are a contract with tests (`docs/sandbox.md`): `#accept`, `#cancel`, `#whole-organisation`,
//! `#admin-sign-in`, `#return`, `#justification`, `#request-approval`, `#request-sent`.

use axum::response::Response;
use maud::{Markup, html};

use crate::{
    account::Account,
    entra::{
        authorize_request::AuthorizeRequest,
        catalogue,
        pages::{action, person, show},
    },
    scopes::Scope,
    state::{Sandbox, Store},
};

pub(crate) fn consent(
    id: &str,
    request: &AuthorizeRequest,
    account: &Account,
    sandbox: &Sandbox,
) -> Response {
    // Permissions first, sign-in scopes last, as they matter to the reader.
    let (of_apis, of_sign_in): (Vec<&Scope>, Vec<&Scope>) =
        request.scopes.iter().partition(|scope| scope.resource.is_some());
    let content = html! {
        main {
            div.account { (person(account)) }
            h1 { "Permissions requested" }
            @if request.admin_consent { p { strong { "Review for your organization" } } }
            p { strong { "Postbode" } " would like to:" }
            ul.permissions {
                @for scope in of_apis.iter().chain(&of_sign_in) {
                    li title=(scope.full()) {
                        span.name { (scope.title) }
                        span.quiet { (scope.plain) }
                    }
                }
            }
            @if request.admin_consent {
                p.quiet { "If you accept, this app will get access to the specified resources for all users in your organization." }
            } @else {
                p.quiet { "Accepting lets Postbode use this as long as nobody takes it back." }
            }
            form method="post" action=(action(request, "consent")) {
                input type="hidden" name="flow" value=(id);
                @if account.admin && !request.admin_consent {
                    label.check {
                        input #whole-organisation type="checkbox" name="whole_organisation" value="yes";
                        " Consent on behalf of your organization"
                    }
                }
                div.buttons {
                    button #cancel type="submit" name="answer" value="cancel" { "Cancel" }
                    button.primary #accept type="submit" name="answer" value="accept" { "Accept" }
                }
            }
        }
    };
    show("Permissions requested", content, sandbox)
}

/// The person may not consent. Nothing goes back to the app unless they say so.
pub(crate) fn approval(
    id: &str,
    request: &AuthorizeRequest,
    account: &Account,
    number: u32,
    store: &Store,
    sandbox: &Sandbox,
) -> Response {
    let workflow = store.policy(&account.tid).admin_consent_workflow;
    let title = if workflow { "Approval required" } else { "Need admin approval" };
    let content = html! {
        main {
            div.account { (person(account)) }
            h1 { (title) }
            p {
                strong { "Postbode" }
                @if workflow { " needs your admin’s approval to read and use what it asks for:" }
                @else { " needs permission to access resources in your organization that only an admin can grant. Please ask an admin to grant permission to this app before you can use it." }
            }
            @if workflow { (asking(id, request)) }
            (number_of(number))
            form method="post" action=(action(request, "account")) {
                input type="hidden" name="flow" value=(id);
                input type="hidden" name="account" value="";
                p { button.link #admin-sign-in type="submit" { "Have an admin account? Sign in with that account" } }
            }
            form method="post" action=(action(request, "approval")) {
                input type="hidden" name="flow" value=(id);
                button.link #return type="submit" name="answer" value="return" {
                    "Return to the application without granting consent"
                }
            }
        }
    };
    show(title, content, sandbox)
}

fn asking(id: &str, request: &AuthorizeRequest) -> Markup {
    html! {
        ul.permissions {
            @for scope in &request.scopes { li { span.name { (scope.title) } } }
        }
        form method="post" action=(action(request, "approval")) {
            input type="hidden" name="flow" value=(id);
            label for="justification" { "Enter justification for requesting this app" }
            textarea #justification name="justification" rows="3" {}
            div.buttons {
                button.primary #request-approval type="submit" name="answer" value="request" { "Request approval" }
            }
        }
    }
}

/// As under "More details" on Microsoft's page.
fn number_of(number: u32) -> Markup {
    let text = catalogue::on_page(number).map(|refusal| refusal.text).unwrap_or_default();
    html! { p.quiet #aadsts { "AADSTS" (number) ": " (text) } }
}

/// The end: an administrator gets mail, the app gets nothing (section 0.1 fact 10).
pub(crate) fn request_sent(account: &Account, sandbox: &Sandbox) -> Response {
    let content = html! {
        main {
            div.account { (person(account)) }
            h1 #request-sent { "Request sent" }
            p { "Your request was sent to your admin. You will get mail when it was reviewed. You can close this window." }
            p.quiet { "The app is not told about this. Once approved, connect again there." }
        }
    };
    show("Request sent", content, sandbox)
}
