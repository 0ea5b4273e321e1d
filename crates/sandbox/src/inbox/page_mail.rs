//! `GET /inbox/{id}`: one mail.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use maud::{Markup, html};

use crate::{
    html::Page,
    inbox::{Address, Mail, page_list::subject},
    state::Sandbox,
};

pub(crate) async fn show(State(sandbox): State<Arc<Sandbox>>, Path(id): Path<u64>) -> Response {
    let mail = sandbox.store().inbox.find(id);
    let Some(mail) = mail else {
        let content = html! { main { h1 { "No such mail" } p { a href="/inbox" { "Back to the inbox" } } } };
        return Page { title: "No such mail", layout: "plain", refresh: None, content }
            .respond(StatusCode::NOT_FOUND, &sandbox);
    };
    let content = html! {
        main {
            p { a href="/inbox" { "← Inbox" } }
            h1 #subject { (subject(&mail)) }
            (envelope(&mail))
            @if !mail.attachments.is_empty() { (files(&mail)) }
            @if mail.html.is_some() {
                section {
                    h2 { "HTML" }
                    // An empty `sandbox`: no scripts, no forms, no origin.
                    iframe.preview #preview sandbox="" src={ "/inbox/" (mail.id) "/html" } title="The mail’s HTML" {}
                }
            }
            @if let Some(text) = &mail.text { section { h2 { "Text" } pre #text { (text) } } }
            @if !mail.headers.is_empty() {
                section {
                    h2 { "Headers" }
                    dl.headers #headers {
                        @for (name, value) in &mail.headers { dt { (name) } dd { (value) } }
                    }
                }
            }
        }
    };
    Page { title: subject(&mail), layout: "wide", refresh: None, content }.respond(StatusCode::OK, &sandbox)
}

fn envelope(mail: &Mail) -> Markup {
    html! {
        dl.envelope {
            dt { "From" } dd #from { (written(&mail.from)) }
            (row("To", "to", &mail.to))
            (row("Cc", "cc", &mail.cc))
            @if !mail.bcc.is_empty() {
                dt { "Bcc" } dd #bcc { (list(&mail.bcc)) " " span.tag { "envelope only" } }
            }
            (row("Reply to", "reply-to", &mail.reply_to))
            @if let Some(envelope) = &mail.envelope {
                dt { "Envelope" } dd #envelope { (envelope.mail_from) " → " (envelope.rcpt_to.join(", ")) }
            }
            dt { "Sent by" } dd #account { (mail.account) }
            dt { "Received" } dd {
                time datetime=(mail.received_at.to_rfc3339()) { (mail.received_at.format("%Y-%m-%d %H:%M:%S UTC")) }
            }
            @if let Some(id) = &mail.message_id { dt { "Message-ID" } dd #message-id { (id) } }
            dt { "Details" } dd {
                span.tag { (mail.route) } " "
                @if mail.importance != "normal" { span.tag { (mail.importance) " importance" } " " }
                span.tag { @if mail.saved_to_sent { "in Sent Items" } @else { "not in Sent Items" } }
                @if mail.raw.is_some() { " " a #raw href={ "/inbox/" (mail.id) "/raw" } download { "the message as it came" } }
            }
        }
    }
}

fn files(mail: &Mail) -> Markup {
    html! {
        section {
            h2 { "Attachments" }
            ul.files #attachments {
                @for (index, file) in mail.attachments.iter().enumerate() {
                    li {
                        a href={ "/inbox/" (mail.id) "/attachments/" (index) } download {
                            (file.filename.as_deref().unwrap_or("(no name)"))
                        }
                        span.quiet {
                            " " (file.content_type) ", " (size(file.content.len()))
                            @if file.inline { ", inline" }
                            @if let Some(id) = &file.content_id { ", cid:" (id) }
                        }
                    }
                }
            }
        }
    }
}

fn row(label: &str, id: &str, addresses: &[Address]) -> Markup {
    html! { @if !addresses.is_empty() { dt { (label) } dd id=(id) { (list(addresses)) } } }
}

fn list(addresses: &[Address]) -> String {
    addresses.iter().map(written).collect::<Vec<_>>().join(", ")
}

fn written(address: &Address) -> String {
    match &address.name {
        Some(name) => format!("{name} <{}>", address.address),
        None => address.address.clone(),
    }
}

fn size(bytes: usize) -> String {
    if bytes < 1024 { format!("{bytes} bytes") } else { format!("{} kB", bytes.div_ceil(1024)) }
}
