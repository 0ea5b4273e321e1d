use mail_builder::Writer;

/// Where a message is written to: kept, or only counted. One type for both, so that the code that writes is there once. It
/// grows for nothing but what is written: `mail-builder` would reserve room for the longest that a text could become.
pub(super) struct Output {
    kept: Option<Vec<u8>>,
    bytes: usize,
}

impl Output {
    /// Keeps what is written, about that many bytes.
    pub(super) fn keeping(bytes: usize) -> Self {
        Self { kept: Some(Vec::with_capacity(bytes)), bytes: 0 }
    }

    /// Counts what is written.
    pub(super) fn counting() -> Self {
        Self { kept: None, bytes: 0 }
    }

    /// What was kept.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.kept.unwrap_or_default()
    }

    /// How many bytes were written.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Writer for Output {
    fn write(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len();
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(bytes);
        }
    }
}
