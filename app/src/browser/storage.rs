//! Local and session storage, which a browser may refuse: then nothing is kept, and nothing breaks.

use web_sys::{Storage, window};

const PREFIX: &str = "postbode.";

/// What outlives the tab: language and colour mode.
pub(crate) fn lasting(name: &str) -> Option<String> {
    local()?.get_item(&key(name)).ok()?
}

pub(crate) fn keep_lasting(name: &str, value: &str) {
    if let Some(storage) = local() {
        let _ = storage.set_item(&key(name), value);
    }
}

pub(crate) fn forget_lasting(name: &str) {
    if let Some(storage) = local() {
        let _ = storage.remove_item(&key(name));
    }
}

/// What ends with the tab: a sign-in that is under way.
pub(crate) fn of_tab(name: &str) -> Option<String> {
    session()?.get_item(&key(name)).ok()?
}

/// Whether it was kept.
pub(crate) fn keep_in_tab(name: &str, value: &str) -> bool {
    session().is_some_and(|storage| storage.set_item(&key(name), value).is_ok())
}

pub(crate) fn forget_in_tab(name: &str) {
    if let Some(storage) = session() {
        let _ = storage.remove_item(&key(name));
    }
}

/// The names in this tab that begin with `start`.
pub(crate) fn names_in_tab(start: &str) -> Vec<String> {
    let Some(storage) = session() else { return Vec::new() };
    let count = storage.length().unwrap_or(0);
    (0..count)
        .filter_map(|index| storage.key(index).ok()?)
        .filter_map(|name| name.strip_prefix(PREFIX).map(str::to_owned))
        .filter(|name| name.starts_with(start))
        .collect()
}

fn key(name: &str) -> String {
    format!("{PREFIX}{name}")
}

fn local() -> Option<Storage> {
    window()?.local_storage().ok()?
}

fn session() -> Option<Storage> {
    window()?.session_storage().ok()?
}
