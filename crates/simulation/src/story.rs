//! What happened, for people: one line for each thing that somebody did.

use api::Timestamp;

/// The lines of a run; nothing is written while it is off.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    is_told: bool,
    lines: Vec<String>,
}

impl Story {
    /// A story that is written, or not.
    pub(crate) fn new(is_told: bool) -> Self {
        Self { is_told, lines: Vec::new() }
    }

    /// Adds a line.
    pub(crate) fn tell(&mut self, now: Timestamp, who: &str, what: impl FnOnce() -> String) {
        if self.is_told {
            let time = now.to_string().replace('T', " ").replace('Z', "");
            self.lines.push(format!("{time}  {who:<8} {}", what()));
        }
    }

    /// The lines.
    pub(crate) fn into_lines(self) -> Vec<String> {
        self.lines
    }
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub invariant: &'static str,
    /// The case.
    pub detail: String,
}

impl Violation {
    pub(crate) fn new(invariant: &'static str, detail: impl Into<String>) -> Self {
        Self { invariant, detail: detail.into() }
    }
}

/// Fails with that invariant unless the condition holds.
pub(crate) fn hold(
    condition: bool,
    invariant: &'static str,
    detail: impl FnOnce() -> String,
) -> Result<(), Violation> {
    if condition { Ok(()) } else { Err(Violation::new(invariant, detail())) }
}
