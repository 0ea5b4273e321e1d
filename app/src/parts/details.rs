//! What support needs to know about a trouble: closed, and copied with one click.

use api::Timestamp;
use leptos::prelude::*;

use crate::browser::announce::announce;
use crate::browser::http::Trouble;
use crate::browser::intl;
use crate::browser::language::{Language, t};
use crate::browser::page;

/// Code, reference, time, and the English and Microsoft's own words.
#[component]
pub(crate) fn Details(trouble: Trouble, at: f64) -> impl IntoView {
    let language = Language::here();
    let facts = Signal::derive(move || facts(language, &trouble, at));
    let copy = move |_| {
        let text = facts.with(|facts| {
            facts.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n")
        });
        page::copy(&text);
        announce(untrack(t!(language, problem.copied)));
    };
    view! { <Facts facts on_copy=copy/> }
}

/// A closed list of facts.
#[component]
pub(crate) fn Facts(
    facts: Signal<Vec<(&'static str, String)>>,
    on_copy: impl Fn(leptos::ev::MouseEvent) + 'static,
) -> impl IntoView {
    let language = Language::here();
    let rows = move || {
        let facts = facts.get().into_iter();
        facts.map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect_view()
    };
    view! {
        <details class="details">
            <summary>{t!(language, problem.details)}</summary>
            <dl class="facts facts--small">{rows}</dl>
            <button type="button" class="button button--small" on:click=on_copy>{t!(language, problem.copy)}</button>
        </details>
    }
}

fn facts(language: Language, trouble: &Trouble, at: f64) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    match trouble {
        Trouble::Problem(problem) => {
            facts.push((t!(language, problem.code)(), problem.code.as_str().to_owned()));
            if let Some(id) = problem.request_id {
                facts.push((t!(language, problem.reference)(), id.to_string()));
            }
            facts.push((t!(language, problem.said)(), problem.detail.clone()));
            let theirs: Vec<_> =
                problem.params.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            if !theirs.is_empty() {
                facts.push((t!(language, problem.microsoft)(), theirs.join("; ")));
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
    facts.push((t!(language, problem.time)(), format!("{} ({moment})", intl::long(language, moment))));
    facts
}
