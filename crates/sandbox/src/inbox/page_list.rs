//! `GET /inbox`: the list, newest first, looking again every five seconds.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use maud::html;

use crate::{
    html::Page,
    inbox::{Address, Mail},
    state::Sandbox,
};

pub(crate) async fn show(State(sandbox): State<Arc<Sandbox>>) -> Response {
    let mails: Vec<Arc<Mail>> = sandbox.store().inbox.mails().iter().rev().cloned().collect();
    let content = html! {
        main {
            header.bar {
                h1 { "Inbox" }
                p.quiet {
                    @match mails.len() { 0 => "no mail", 1 => "1 mail", count => { (count) " mails" } }
                    " · looks again every 5 seconds · " a href="/" { "about" }
                }
            }
            @if mails.is_empty() {
                p.empty { "Nothing was sent yet. What is sent through this sandbox appears here and goes nowhere else." }
            } @else {
                ol.mails #mails {
                    @for mail in &mails {
                        li {
                            a.mail href={ "/inbox/" (mail.id) } {
                                span.subject {
                                    @if mail.importance == "high" { span.mark title="High importance" { "!" } " " }
                                    (subject(mail))
                                }
                                span.when { (mail.received_at.format("%H:%M:%S")) }
                                span.quiet.route {
                                    (mail.from.name.as_deref().unwrap_or(&mail.from.address)) " → " (recipients(mail))
                                }
                                span.quiet.tag {
                                    @match mail.attachments.len() { 0 => "", 1 => "1 file · ", count => { (count) " files · " } }
                                    (mail.route)
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    Page { title: "Inbox", layout: "wide", refresh: Some(5), content }.respond(StatusCode::OK, &sandbox)
}

pub(crate) fn subject(mail: &Mail) -> &str {
    if mail.subject.is_empty() { "(no subject)" } else { &mail.subject }
}

fn recipients(mail: &Mail) -> String {
    let all: Vec<&Address> = mail.to.iter().chain(&mail.cc).chain(&mail.bcc).collect();
    match all.as_slice() {
        [] => String::new(),
        [one] => one.address.clone(),
        [one, rest @ ..] => format!("{} and {} more", one.address, rest.len()),
    }
}
