//! What all pages share: the frame around them, the stylesheet and the headers. No page has a script.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};

use crate::state::Sandbox;

const STYLESHEET: &str = include_str!("sandbox.css");

/// A whole page.
pub(crate) struct Page<'a> {
    pub(crate) title: &'a str,
    /// `signin` (a card in the middle), `wide` or `plain`: chooses the layout in the stylesheet.
    pub(crate) layout: &'a str,
    /// Reloads by itself after so many seconds.
    pub(crate) refresh: Option<u32>,
    pub(crate) content: Markup,
}

impl Page<'_> {
    pub(crate) fn respond(self, status: StatusCode, sandbox: &Sandbox) -> Response {
        let markup = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    @if let Some(seconds) = self.refresh { meta http-equiv="refresh" content=(seconds); }
                    title { (self.title) " · Sandbox" }
                    link rel="stylesheet" href="/sandbox.css";
                    link rel="icon" href="data:,";
                }
                body class=(self.layout) {
                    p.banner role="note" { strong { "Sandbox" } " — not Microsoft" }
                    (self.content)
                }
            }
        };
        (status, headers(sandbox), Html(markup.into_string())).into_response()
    }
}

/// Section 1.11: the sign-in pages can't be framed, and from 31 January 2027 they cut the link to their opener.
fn headers(sandbox: &Sandbox) -> HeaderMap {
    // Browsers apply form-action to where a form's redirect ends, too: back at the app.
    let mut apps: Vec<String> =
        sandbox.apps.redirect_uris().iter().filter_map(|uri| origin_of(uri)).collect();
    apps.sort_unstable();
    apps.dedup();
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; form-action 'self' {}; \
         base-uri 'none'; frame-ancestors 'none'",
        apps.join(" ")
    );
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value.trim()) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_SECURITY_POLICY, &policy);
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    headers
}

fn origin_of(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    Some(format!("{scheme}://{host}"))
}

pub(crate) async fn stylesheet() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLESHEET).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_and_host() {
        assert_eq!(origin_of("http://localhost:8787/a?b").as_deref(), Some("http://localhost:8787"));
        assert_eq!(origin_of("nonsense"), None);
    }
}
