//! What the address bar brought along: Microsoft's answer or a link. Taken out of it before anything else happens.

use std::fmt;

use leptos::prelude::StoredValue;
use oauth2::url::form_urlencoded;
use serde::{Deserialize, Serialize};
use web_sys::wasm_bindgen::JsValue;
use web_sys::window;

/// What the address bar brought, for the page that it is for.
#[derive(Clone, Copy)]
pub(crate) struct Arrived(pub(crate) StoredValue<Arrival>);

/// Microsoft's error texts are outside text: shown as text, and not more of it than this.
const OUTSIDE_CHARS_MAX: usize = 500;

/// What somebody came here with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Just the page.
    Plain,
    /// `/open#…`: the link's token; none when the address was cut.
    Link(Option<String>),
    /// `/oauth/callback#…`: Microsoft's answer; none when somebody typed the address.
    Answer(Option<Answer>),
}

/// What Microsoft sent the browser back with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) state: String,
    pub(crate) result: Returned,
}

/// The two ways it can end.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Returned {
    Code(String),
    Error {
        /// For example `access_denied`, which means cancelled as well as not allowed.
        error: String,
        #[serde(default)]
        subcode: Option<String>,
        description: Option<String>,
    },
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer([redacted])")
    }
}

/// Reads the address bar and clears it, so that no code or link stays in the history or is copied by accident.
pub(crate) fn take() -> Arrival {
    let Some(window) = window() else { return Arrival::Plain };
    let location = window.location();
    let path = location.pathname().unwrap_or_default();
    let fragment = location.hash().unwrap_or_default();
    let query = location.search().unwrap_or_default();
    let arrival = read(&path, &fragment, &query);
    if arrival != Arrival::Plain
        && let Ok(history) = window.history()
    {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&path));
    }
    arrival
}

fn read(path: &str, fragment: &str, query: &str) -> Arrival {
    let fragment = fragment.trim_start_matches('#');
    match path.trim_end_matches('/') {
        "/open" => Arrival::Link((!fragment.is_empty()).then(|| fragment.to_owned())),
        "/oauth/callback" => {
            let answer = read_answer(fragment).or_else(|| read_answer(query.trim_start_matches('?')));
            Arrival::Answer(answer)
        }
        _ => Arrival::Plain,
    }
}

fn read_answer(parameters: &str) -> Option<Answer> {
    let (mut state, mut code, mut error, mut description, mut subcode) = (None, None, None, None, None);
    for (name, value) in form_urlencoded::parse(parameters.as_bytes()) {
        let value = Some(value.into_owned());
        match name.as_ref() {
            "state" => state = value,
            "code" => code = value,
            "error" => error = value,
            "error_description" => description = value,
            "error_subcode" => subcode = value,
            _ => {}
        }
    }
    let result = match (code, error) {
        (_, Some(error)) => Returned::Error {
            error: clipped(&error),
            subcode: subcode.as_deref().map(clipped),
            description: description.as_deref().map(clipped),
        },
        (Some(code), None) => Returned::Code(code),
        (None, None) => return None,
    };
    Some(Answer { state: state.unwrap_or_default(), result })
}

fn clipped(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).take(OUTSIDE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(path: &str, fragment: &str, query: &str) -> Option<Answer> {
        match read(path, fragment, query) {
            Arrival::Answer(answer) => answer,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_code_comes_in_the_fragment_or_the_query() {
        let expected = Some(Answer { state: "s+1".into(), result: Returned::Code("0.AX/y".into()) });
        assert_eq!(answer("/oauth/callback", "#code=0.AX%2Fy&state=s%2B1&session_state=x", ""), expected);
        assert_eq!(answer("/oauth/callback/", "", "?code=0.AX%2Fy&state=s%2B1"), expected);
    }

    #[test]
    fn a_cancelled_sign_in_has_no_description() {
        let Some(Answer { result: Returned::Error { error, subcode, description }, .. }) =
            answer("/oauth/callback", "#error=access_denied&error_subcode=cancel&state=s", "")
        else {
            panic!("an error");
        };
        assert_eq!((error.as_str(), subcode.as_deref()), ("access_denied", Some("cancel")));
        assert_eq!(description, None);
    }

    #[test]
    fn an_error_wins_over_a_code_and_is_clipped() {
        let long = format!("#code=x&error={}&state=s", "e%0A".repeat(900));
        let Some(Answer { result: Returned::Error { error, .. }, .. }) = answer("/oauth/callback", &long, "")
        else {
            panic!("an error");
        };
        assert_eq!(error.chars().count(), OUTSIDE_CHARS_MAX);
        assert!(!error.contains('\n'));
    }

    #[test]
    fn only_the_two_landing_pages_take_anything() {
        assert_eq!(answer("/oauth/callback", "", ""), None);
        assert_eq!(read("/", "#code=x&state=y", ""), Arrival::Plain);
        assert_eq!(read("/open", "#pb_link_x", ""), Arrival::Link(Some("pb_link_x".into())));
        assert_eq!(read("/open", "", ""), Arrival::Link(None));
    }
}
