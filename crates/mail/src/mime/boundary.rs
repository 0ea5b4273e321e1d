/// How every line between parts begins. `=_` stands in neither quoted-printable nor base64 (RFC 2045 section 6.7 advises
/// it), and a text that has it at the start of a line is written in base64.
pub(super) const BOUNDARY_START: &str = "--=_";

/// Gives each multipart of a message a boundary of its own, all from one seed.
pub(super) struct Boundaries {
    seed: String,
    given: u32,
}

impl Boundaries {
    /// Begins a message.
    pub(super) fn new(seed: [u8; 16]) -> Self {
        Self { seed: base16ct::lower::encode_string(&seed), given: 0 }
    }

    /// The next boundary, without the two hyphens. It ends in a letter after the number, so that none begins another.
    pub(super) fn next(&mut self) -> String {
        self.given += 1;
        format!("=_{}_{}p", self.seed, self.given)
    }
}
