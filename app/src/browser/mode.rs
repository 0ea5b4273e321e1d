//! Light, dark, or what the system says. `static/theme.js` applies the saved choice before the first paint.

use leptos::prelude::*;

use super::{page, storage};

const SAVED: &str = "mode";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    System,
    Light,
    Dark,
}

impl Mode {
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn saved() -> Self {
        let word = storage::lasting(SAVED);
        Self::ALL.into_iter().find(|mode| word.as_deref() == Some(mode.word())).unwrap_or(Self::System)
    }
}

/// The mode as a signal that is applied and remembered whenever it changes.
pub(crate) fn mode() -> RwSignal<Mode> {
    let mode = RwSignal::new(Mode::saved());
    Effect::new(move || apply(mode.get()));
    mode
}

fn apply(mode: Mode) {
    let Some(root) = page::root() else { return };
    if mode == Mode::System {
        storage::forget_lasting(SAVED);
        let _ = root.remove_attribute("data-mode");
    } else {
        storage::keep_lasting(SAVED, mode.word());
        let _ = root.set_attribute("data-mode", mode.word());
    }
}
