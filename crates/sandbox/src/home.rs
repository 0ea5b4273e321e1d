//! `GET /`: what is here.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use maud::html;

use crate::{directory::TENANT_ID, html::Page, origin::Origin, state::Sandbox};

pub(crate) async fn page(State(sandbox): State<Arc<Sandbox>>, Origin(origin): Origin) -> Response {
    let store = sandbox.store();
    let apps = sandbox.apps.all();
    let content = html! {
        main {
            h1 { "A stand-in for Microsoft 365" }
            p { "Sign-in, consent, tokens and sending mail, as Postbode meets them at Microsoft. Nothing here leaves this machine." }
            p { a.button href="/inbox" { "Open the inbox" } " " a.button #control href="/sandbox" { "Control" } }
            h2 { "Accounts" }
            ul {
                @for account in store.directory.accounts() {
                    li {
                        strong { (account.name) } " — " code { (account.upn) } ", password " code { (account.password) }
                        @if !account.aliases.is_empty() { ", also " code { (account.aliases.join(", ")) } }
                    }
                }
            }
            h2 { "Addresses" }
            dl.envelope {
                dt { "Sign-in" } dd { code { (origin) "/organizations/oauth2/v2.0/authorize" } }
                dt { "Tokens" } dd { code { (origin) "/organizations/oauth2/v2.0/token" } }
                dt { "Graph" } dd { code { (origin) "/v1.0" } }
                dt { "Tenant" } dd { code { (TENANT_ID) } }
                @for app in &apps {
                    dt { "Client id" } dd { code { (app.client_id) } }
                    dt { "Redirects" } dd { @for uri in &app.redirect_uris { code { (uri) } " " } }
                }
            }
            h2 { "For tests" }
            ul {
                li { a href="/inbox.json" { code { "/inbox.json" } } " what was sent" }
                li { a href="/sandbox/settings" { code { "/sandbox/settings" } } " lives and delays" }
                li { a href="/sandbox/token-requests" { code { "/sandbox/token-requests" } } " who asked for tokens" }
                li { a href="/sandbox/faults" { code { "/sandbox/faults" } } " what shall go wrong" }
                li { a href="/sandbox/clock" { code { "/sandbox/clock" } } " what time it is" }
                li { a href="/sandbox/consents" { code { "/sandbox/consents" } } " who granted what" }
                li { a href="/sandbox/apps" { code { "/sandbox/apps" } } " which apps there are" }
                li { a href="/sandbox/accounts" { code { "/sandbox/accounts" } } " who exists" }
            }
            p.quiet { "The rest is in " code { "docs/sandbox.md" } "." }
        }
    };
    drop(store);
    Page { title: "Home", layout: "plain", refresh: None, content }.respond(StatusCode::OK, &sandbox)
}
