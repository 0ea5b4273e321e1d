//! What happened, for people: one line for each thing that somebody did.

use std::collections::BTreeMap;

use api::Timestamp;

/// The lines of a run; nothing is written while it is off.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    telling: Telling,
    lines: Vec<String>,
    /// How often each thing was told lately, whatever the numbers in it.
    told: BTreeMap<String, u32>,
    left_out: u32,
}

/// How much of a story is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Telling {
    /// Nothing, which is fastest.
    #[default]
    Nothing,
    /// What happens again and again is left out.
    Short,
    /// Everything.
    Whole,
}

/// The same thing is told so often, then left out until something else happens.
const REPEATED_MAX: u32 = 3;

impl Story {
    /// A story that is written, or not.
    pub(crate) fn new(telling: Telling) -> Self {
        Self { telling, ..Self::default() }
    }

    /// Adds a line.
    pub(crate) fn tell(&mut self, now: Timestamp, who: &str, what: impl FnOnce() -> String) {
        if self.telling == Telling::Nothing {
            return;
        }
        let what = what();
        if self.telling == Telling::Short && self.leaves_out(who, &what) {
            self.left_out += 1;
            return;
        }
        if self.left_out > 0 {
            self.lines.push(format!("{:25}… {} more like these …", "", self.left_out));
            self.left_out = 0;
        }
        let time = now.to_string().replace('T', " ").replace('Z', "");
        self.lines.push(format!("{time}  {who:<8} {what}"));
    }

    /// Whether the same was told often enough lately. Something new brings it back.
    fn leaves_out(&mut self, who: &str, what: &str) -> bool {
        let kind: String = what.chars().filter(|letter| !letter.is_ascii_digit()).collect();
        let told = self.told.entry(format!("{who} {kind}")).or_default();
        *told += 1;
        if *told == 1 {
            self.told.values_mut().for_each(|told| *told = 1);
            return false;
        }
        *told > REPEATED_MAX
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
