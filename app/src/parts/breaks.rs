//! Text with addresses in it, which may break after the @ of each; elsewhere only where even that does not fit.

use leptos::prelude::*;

/// A `span`, so that the pieces stay one where their parent lays out its children.
#[component]
pub(crate) fn Breaks(#[prop(into)] text: Signal<String>) -> impl IntoView {
    let shown = move || {
        text.with(|text| {
            let pieces = pieces(text).into_iter().enumerate();
            pieces.map(|(at, piece)| view! { {(at > 0).then(|| view! { <wbr/> })}{piece} }).collect_view()
        })
    };
    view! { <span>{shown}</span> }
}

/// Each ends with its @, but for the last.
fn pieces(text: &str) -> Vec<String> {
    text.split_inclusive('@').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_breaks_after_an_at_and_nothing_is_lost() {
        assert_eq!(pieces("a@b.nl and c@d.nl."), ["a@", "b.nl and c@", "d.nl."]);
        assert_eq!(pieces("No address"), ["No address"]);
        assert!(pieces("").is_empty());
    }
}
