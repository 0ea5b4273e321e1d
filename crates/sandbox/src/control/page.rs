//! `GET /sandbox`: the control page. What the JSON calls beside it do, for people; without a script, each button is a form.
//!
//! Element ids are a contract with tests: `docs/sandbox.md`.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use chrono::SecondsFormat;
use maud::{Markup, html};

use crate::{
    account::Account,
    directory::TENANT_ID,
    entra::catalogue,
    faults::Fault,
    html::Page,
    policy::{Policy, UserConsent},
    state::{Sandbox, Store},
};

const DAY: i64 = 24 * 3600;

pub(crate) async fn show(State(sandbox): State<Arc<Sandbox>>) -> Response {
    let mut store = sandbox.store();
    let content = html! {
        main {
            header.bar {
                h1 { "Control" }
                p.quiet { a href="/" { "about" } " · " a href="/inbox" { "inbox" } }
            }
            (clock(&sandbox))
            (accounts(&store))
            (policy(store.policy(TENANT_ID)))
            (faults(store.faults.list()))
            p.quiet { "The same by JSON, and more: " code { "docs/sandbox.md" } "." }
        }
    };
    drop(store);
    Page { title: "Control", layout: "wide", refresh: None, content }.respond(StatusCode::OK, &sandbox)
}

fn clock(sandbox: &Sandbox) -> Markup {
    let days = sandbox.clock.moved_seconds() / DAY;
    let button = |id: &str, days: i64, text: &str| {
        html! { button id=(id) type="submit" name="advance_seconds" value=(days * DAY) { (text) } }
    };
    html! {
        section.panel {
            h2 { "Clock" }
            p {
                "It is " strong #now { (sandbox.clock.now().to_rfc3339_opts(SecondsFormat::Secs, true)) }
                @if days != 0 { ", moved by " (days) " days" }
                ". Refresh tokens end after 90 days without use."
            }
            form.row method="post" action="/sandbox/page/clock" {
                (button("clock-day", 1, "A day on"))
                (button("clock-31-days", 31, "31 days on"))
                (button("clock-91-days", 91, "91 days on"))
                (button("clock-day-back", -1, "A day back"))
            }
        }
    }
}

fn accounts(store: &Store) -> Markup {
    html! {
        section.panel {
            h2 { "Accounts" }
            ul.lines #accounts {
                @for (element, account) in store.directory.with_ids() {
                    li {
                        span.who {
                            span.name { (account.name) }
                            span.quiet { (account.upn) @for remark in remarks(account) { " · " (remark) } }
                        }
                        form.row id={ "revoke-" (element) } method="post" action="/sandbox/page/revoke" {
                            input type="hidden" name="upn" value=(account.upn);
                            button type="submit" name="why" value="sessions_revoked" { "Revoke sessions" }
                            button type="submit" name="why" value="password_reset" { "Reset password" }
                            button type="submit" name="why" value="consent_removed" { "Remove consent" }
                        }
                    }
                }
            }
        }
    }
}

fn remarks(account: &Account) -> Vec<String> {
    let flags = [
        (account.admin, "administrator"),
        (account.guest, "guest"),
        (account.disabled, "disabled"),
        (!account.may_consent, "may not consent"),
        (!account.assigned, "not assigned"),
    ];
    let mut all: Vec<String> =
        flags.iter().filter(|(holds, _)| *holds).map(|(_, text)| (*text).to_owned()).collect();
    all.extend(account.refresh_refused.map(|number| format!("refresh refused: {number}")));
    all
}

fn policy(policy: Policy) -> Markup {
    let choice = |id: &str, value: UserConsent, text: &str| {
        html! {
            label.check {
                input id=(id) type="radio" name="user_consent" value=(value.name()) checked[policy.user_consent == value];
                (text)
            }
        }
    };
    let switch = |name: &str, on: bool, text: &str| {
        html! { label.check { input id={ "policy-" (name) } type="checkbox" name=(name) value="yes" checked[on]; (text) } }
    };
    html! {
        section.panel {
            h2 { "Consent at Bakkerij Jansen" }
            form #policy method="post" action="/sandbox/page/policy" {
                (choice("policy-managed", UserConsent::Managed, "Let Microsoft manage: users may not grant reading mail"))
                (choice("policy-allowed", UserConsent::Allowed, "Users may grant anything"))
                (choice("policy-denied", UserConsent::Denied, "Users may grant nothing"))
                (switch("admin_consent_workflow", policy.admin_consent_workflow, "Users can ask an administrator for approval"))
                (switch("step_up", policy.step_up, "The publisher counts as unverified: users may grant basic sign-in only"))
                (switch("assignment_required", policy.assignment_required, "Users must be assigned to the app"))
                div.row { button #policy-save type="submit" { "Save" } }
            }
        }
    }
}

fn faults(list: &[Fault]) -> Markup {
    html! {
        section.panel {
            h2 { "Faults" }
            form #fault method="post" action="/sandbox/page/fault" {
                div.row {
                    label { "The next "
                        input #fault-times type="number" name="times" min="1" max="999" value="1" required;
                        " calls of " }
                    select #fault-at name="at" aria-label="Endpoint" {
                        option value="token" { "the token endpoint" }
                        option value="send_mail" { "sendMail" }
                        option value="me" { "/me" }
                        option value="graph" { "Graph, all of it" }
                        option value="authorize" { "the sign-in page" }
                    }
                    select #fault-kind name="kind" aria-label="What happens" {
                        option value="refuse" { "are refused with number" }
                        option value="unavailable" { "answer 503" }
                        option value="front_door" { "answer 503 in HTML" }
                        option value="failed_after_work" { "do the work and answer 504" }
                        option value="throttle" { "answer 429, try again in 10 s" }
                        option value="delay" { "take 10 s" }
                        option value="cut_before_work" { "are cut before the work" }
                        option value="cut_after_work" { "are cut after the work" }
                    }
                    input #fault-number type="text" inputmode="numeric" name="number" list="numbers" size="8"
                        value="53003" aria-label="AADSTS number";
                    datalist #numbers {
                        @for row in catalogue::of_token() { option value=(row.number) { (row.meaning()) } }
                    }
                    button #fault-add type="submit" { "Order" }
                }
            }
            @if list.is_empty() { p.quiet { "Nothing is ordered." } }
            ul.lines #faults {
                @for fault in list { (ordered(fault)) }
            }
        }
    }
}

fn ordered(fault: &Fault) -> Markup {
    html! {
        li {
            span.who {
                span.name { (fault.at.name()) ": " code { (serde_json::to_string(&fault.ordered).unwrap_or_default()) } }
                span.quiet {
                    @match fault.remaining { None => "until deleted", Some(0) => "used up", Some(times) => { (times) " to come" } }
                    ", happened " (fault.hits) " times"
                    @if let Some(account) = &fault.account { ", for " (account) }
                }
            }
            form.row method="post" action="/sandbox/page/fault/delete" {
                button id={ "delete-fault-" (fault.id) } type="submit" name="id" value=(fault.id) { "Delete" }
            }
        }
    }
}
