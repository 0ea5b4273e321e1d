//! The library half of the front end, so that its rules can be tested without a browser: `cargo test -p app`.
//!
//! What it is for and how to read it stands in `main.rs`.

#![expect(unreachable_pub, reason = "leptos's component macro makes the properties of every component `pub`")]

mod app;
mod browser;
mod consent;
mod mailbox;
mod pages;
mod parts;
mod settings;
mod status;
mod words;

#[expect(
    clippy::expect_used,
    clippy::pedantic,
    dead_code,
    unused_imports,
    reason = "made by leptos_i18n_build, for every way to use it"
)]
mod texts {
    include!(concat!(env!("OUT_DIR"), "/i18n/mod.rs"));
}
use texts::i18n;

use consent::arrival;

/// Starts the pages in the element that `index.html` keeps for them.
pub fn start() {
    // Before anything else: a code or a link in the address bar must not stay there.
    let arrival = arrival::take();
    browser::page::mount(move || app::view(arrival));
}
