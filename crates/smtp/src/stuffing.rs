/// Turns a message into what `DATA` carries (RFC 5321 sections 2.3.8 and 4.5.2): a line's first dot doubled, every line
/// end CR LF, whatever pieces the message comes in.
///
/// A lone CR or LF becomes CR LF: some servers take `LF . CR LF` for the end, and what follows for commands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stuffing {
    at_line_start: bool,
    after_cr: bool,
    eight_bit: bool,
}

impl Stuffing {
    pub(crate) fn new() -> Self {
        Self { at_line_start: true, after_cr: false, eight_bit: false }
    }

    /// The next piece, stuffed.
    pub(crate) fn chunk(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut stuffed = Vec::with_capacity(bytes.len() + bytes.len() / 32 + 2);
        for &byte in bytes {
            if byte == b'\r' || byte == b'\n' {
                // The LF of a CR LF: written with its CR already.
                let is_second_half = byte == b'\n' && self.after_cr;
                if !is_second_half {
                    stuffed.extend_from_slice(b"\r\n");
                }
                self.at_line_start = true;
                self.after_cr = byte == b'\r';
                continue;
            }
            if byte == b'.' && self.at_line_start {
                stuffed.push(b'.');
            }
            stuffed.push(byte);
            self.eight_bit |= !byte.is_ascii();
            self.at_line_start = false;
            self.after_cr = false;
        }
        stuffed
    }

    /// What ends the message.
    pub(crate) fn end(self) -> &'static [u8] {
        if self.at_line_start { b".\r\n" } else { b"\r\n.\r\n" }
    }

    /// Whether a byte above 127 has gone by.
    pub(crate) fn saw_eight_bit(self) -> bool {
        self.eight_bit
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stuffed<'c>(chunks: impl IntoIterator<Item = &'c [u8]>) -> Vec<u8> {
        let mut stuffing = Stuffing::new();
        let mut all: Vec<u8> = chunks.into_iter().flat_map(|chunk| stuffing.chunk(chunk)).collect();
        all.extend_from_slice(stuffing.end());
        all
    }

    #[test]
    fn known_pieces() {
        for (message, expected) in [
            ("", ".\r\n"),
            (".", "..\r\n.\r\n"),
            ("a", "a\r\n.\r\n"),
            ("a\r\n", "a\r\n.\r\n"),
            ("a\r\n.\r\nb", "a\r\n..\r\nb\r\n.\r\n"),
            ("a\n.\nb\n", "a\r\n..\r\nb\r\n.\r\n"),
            ("a\r.\rb", "a\r\n..\r\nb\r\n.\r\n"),
            ("a\r\r\n\n", "a\r\n\r\n\r\n.\r\n"),
            ("..\r\n", "...\r\n.\r\n"),
        ] {
            assert_eq!(stuffed([message.as_bytes()]), expected.as_bytes(), "{message:?}");
        }
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference_and_nothing_ends_it_early(
            message in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a'), any::<u8>()], 0..60),
            size in 1_usize..8,
        ) {
            let whole = stuffed([&message[..]]);
            prop_assert_eq!(&whole, &stuffed(message.chunks(size)));
            let body = whole.strip_suffix(b".\r\n").unwrap();
            prop_assert!(body.is_empty() || body.ends_with(b"\r\n"));
            for line in body.split_inclusive(|byte| *byte == b'\n') {
                let line = line.strip_suffix(b"\r\n").unwrap();
                prop_assert!(!line.contains(&b'\r') && !line.contains(&b'\n'));
                prop_assert!(!line.starts_with(b".") || line.starts_with(b".."));
            }
        }
    }
}
