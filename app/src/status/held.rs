//! What waits for a person: how many messages, for what, since when, and what to do.

use leptos::prelude::*;

use crate::browser::intl;
use crate::browser::language::t;
use crate::mailbox::Desk;
use crate::words::held::{self, Line};
use crate::words::state;

/// A line for each reason; where no reason is known, how many wait.
#[component]
pub(crate) fn Held() -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    let waiting = Memo::new(move |_| desk.view.with(|view| view.waiting));
    let lines = Memo::new(move |_| desk.view.with(|view| held::lines(language.get(), view)));
    let others = Memo::new(move |_| desk.view.with(|view| held::others(language.get(), view)));
    let uncounted = Memo::new(move |_| {
        desk.view.with(|view| {
            let words = state::held(language.get(), view.state, view.waiting);
            words.filter(|_| view.held.is_empty())
        })
    });
    move || {
        let count = waiting.get().to_string();
        if let Some(words) = uncounted.get() {
            return Some(view! { <p id="held" data-count=count><strong>{words}</strong></p> }.into_any());
        }
        let lines = lines.get();
        if lines.is_empty() {
            return None;
        }
        let mended = lines.iter().any(|line| line.why.is_some());
        Some(
            view! {
                <div class="held" id="held" data-count=count>
                    <ul class="held__lines">{lines.into_iter().map(|line| view! { <Reason line/> }).collect_view()}</ul>
                    {others.get().map(|words| view! { <p id="held-others">{words}</p> })}
                    {mended.then(|| view! { <p>{t!(language, status.held.then)}</p> })}
                </div>
            }
            .into_any(),
        )
    }
}

#[component]
fn Reason(line: Line) -> impl IntoView {
    let language = Desk::here().language;
    let Line { code, count, since, words, why } = line;
    let since_words = move || t!(language, status.held.since, when = intl::long(language, since))();
    view! {
        <li data-code=code.as_str() data-count=count.to_string()>
            <strong>{words}</strong>
            {why.map(|why| view! { ": "{why.heading}". "<span class="held__step">{why.step}</span> })}
            " "<time class="small held__since" datetime=since.to_string()>{since_words}</time>
        </li>
    }
}
