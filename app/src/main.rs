//! The pages of Postbode: the *E-mail server* tab of an ERP, in a browser, in Dutch and English.
//!
//! In scope: showing and changing a mailbox's settings, the consent at Microsoft (state, nonce and PKCE are made here),
//! the status of an authentication, and the words for every problem the HTTP API knows, in both languages.
//! Out of scope: every rule about sending, renewing and permission; those are the Worker's, and the page only shows what it
//! answers. Wire types are `api`'s.
//! Never here: a provider token, a client secret, an access code that was stored before; a request to another origin;
//! an inline script or style (the Worker's Content-Security-Policy allows neither).
//!
//! Read `app.rs` first (what is around every page), then `pages/`, then `mailbox/` (the page that matters). `browser/`
//! wraps what the browser offers, `consent/` is the sign-in, `words/` turns states and problems into sentences.

fn main() {
    app::start();
}
