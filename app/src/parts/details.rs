//! What support needs to know about a trouble: closed, and copied with one click.

use api::{Timestamp, TroubleView};
use leptos::prelude::*;

use crate::browser::announce::announce;
use crate::browser::http::Trouble;
use crate::browser::intl;
use crate::browser::language::{Language, t};
use crate::browser::page;

/// A fact by its name.
pub(crate) type Fact = (&'static str, String);

/// Code, reference, time, and the English and Microsoft's own words.
#[component]
pub(crate) fn Details(trouble: Trouble, at: f64) -> impl IntoView {
    let language = Language::here();
    view! { <Facts facts=Signal::derive(move || facts(language, &trouble, at)) id="details"/> }
}

/// The same for what stands in the way of a mailbox.
#[component]
pub(crate) fn TroubleDetails(trouble: TroubleView) -> impl IntoView {
    let language = Language::here();
    view! { <Facts facts=Signal::derive(move || of_view(language, &trouble)) id="trouble-details"/> }
}

/// A closed list of facts.
#[component]
fn Facts(facts: Signal<Vec<Fact>>, id: &'static str) -> impl IntoView {
    let language = Language::here();
    let rows = move || {
        let facts = facts.get().into_iter();
        facts.map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect_view()
    };
    let copy = move |_| {
        let text = facts.with_untracked(|facts| {
            facts.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n")
        });
        page::copy(&text);
        announce(untrack(t!(language, problem.copied)));
    };
    view! {
        <details class="details" id=id>
            <summary>{t!(language, problem.details)}</summary>
            <dl class="facts facts--small">{rows}</dl>
            <button type="button" class="button button--small" on:click=copy>{t!(language, problem.copy)}</button>
        </details>
    }
}

fn of_view(language: Language, trouble: &TroubleView) -> Vec<Fact> {
    let mut facts = vec![(t!(language, problem.code)(), trouble.code.as_str().to_owned())];
    if let Some(upstream) = &trouble.upstream {
        facts.extend(upstream.code.iter().map(|it| (t!(language, problem.upstream_code)(), it.clone())));
        facts.push((t!(language, problem.upstream_status)(), upstream.status.to_string()));
        let id = upstream.request_id.iter();
        facts.extend(id.map(|it| (t!(language, problem.upstream_request_id)(), it.clone())));
    }
    facts.push((t!(language, problem.since)(), both_times(language, trouble.since)));
    facts.push((t!(language, problem.said)(), trouble.detail.clone()));
    let words = trouble.upstream.iter().filter_map(|upstream| upstream.message.clone());
    facts.extend(words.map(|words| (t!(language, problem.upstream_message)(), words)));
    facts
}

/// By the clock on the wall and by the one that logs are in.
fn both_times(language: Language, moment: Timestamp) -> String {
    format!("{} ({moment})", intl::long(language, moment))
}

/// The names that a problem gives to what Microsoft answered.
fn param_label(language: Language, name: &str) -> Option<&'static str> {
    match name {
        "upstream_code" => Some(t!(language, problem.upstream_code)()),
        "upstream_status" => Some(t!(language, problem.upstream_status)()),
        "upstream_message" => Some(t!(language, problem.upstream_message)()),
        "upstream_request_id" => Some(t!(language, problem.upstream_request_id)()),
        _ => None,
    }
}

fn facts(language: Language, trouble: &Trouble, at: f64) -> Vec<Fact> {
    let mut facts = Vec::new();
    match trouble {
        Trouble::Problem(problem) => {
            facts.push((t!(language, problem.code)(), problem.code.as_str().to_owned()));
            if let Some(id) = problem.request_id {
                facts.push((t!(language, problem.reference)(), id.to_string()));
            }
            facts.push((t!(language, problem.said)(), problem.detail.clone()));
            let mut others = Vec::new();
            for (name, value) in &problem.params {
                match param_label(language, name) {
                    Some(label) => facts.push((label, value.clone())),
                    None => others.push(format!("{name}: {value}")),
                }
            }
            if !others.is_empty() {
                facts.push((t!(language, problem.microsoft)(), others.join("; ")));
            }
        }
        Trouble::Unreachable => facts.push((t!(language, problem.code)(), "unreachable".to_owned())),
        Trouble::Unreadable { status, reference } => {
            facts.push((t!(language, problem.status)(), status.to_string()));
            if let Some(reference) = reference {
                facts.push((t!(language, problem.reference)(), reference.clone()));
            }
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of a real date")]
    let moment = Timestamp::from_millis(at as i64);
    facts.push((t!(language, problem.time)(), both_times(language, moment)));
    facts
}
