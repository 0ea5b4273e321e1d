//! What comes between DATA and the single dot (RFC 5321, 4.1.1.4 and 4.5.2).
//!
//! Only CRLF ends a line: a dot after a lone line feed ends nothing, or a message could smuggle in another one.

/// RFC 5321, 4.5.3.1.6, without the line end.
const LINE_OCTETS_MAX: usize = 998;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    LineStart,
    /// After the dot a line begins with.
    Dot,
    /// After that dot and a CR.
    DotCr,
    Line,
    Cr,
}

/// Takes bytes as they come and keeps the message, without its stuffed dots.
#[derive(Debug)]
pub(crate) struct Collector {
    at: At,
    line: usize,
    bytes_max: usize,
    /// As long as it is within the limit.
    pub(crate) bytes: Vec<u8>,
    pub(crate) size: usize,
    /// A CR or LF that is not part of a CRLF.
    pub(crate) bare: bool,
    pub(crate) long_line: bool,
}

impl Collector {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            at: At::LineStart,
            line: 0,
            bytes_max,
            bytes: Vec::new(),
            size: 0,
            bare: false,
            long_line: false,
        }
    }

    pub(crate) fn too_large(&self) -> bool {
        self.size > self.bytes_max
    }

    /// How many bytes were used, and whether that was the end.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (index, byte) in bytes.iter().enumerate() {
            if self.step(*byte) {
                return (index + 1, true);
            }
        }
        (bytes.len(), false)
    }

    fn step(&mut self, byte: u8) -> bool {
        self.at = match (self.at, byte) {
            (At::DotCr, b'\n') => return true,
            (At::LineStart, b'.') => At::Dot,
            (At::Dot, b'\r') => At::DotCr,
            (At::Cr, b'\n') => {
                self.keep(byte);
                self.line = 0;
                At::LineStart
            }
            (At::DotCr, _) => {
                // The dot was stuffed, and its CR is a bare one.
                self.keep(b'\r');
                self.bare = true;
                self.within(byte)
            }
            (At::Cr, _) => {
                self.bare = true;
                self.within(byte)
            }
            (At::LineStart | At::Dot | At::Line, _) => self.within(byte),
        };
        false
    }

    fn within(&mut self, byte: u8) -> At {
        self.keep(byte);
        if byte == b'\r' {
            return At::Cr;
        }
        self.bare |= byte == b'\n';
        self.line += 1;
        self.long_line |= self.line > LINE_OCTETS_MAX;
        At::Line
    }

    fn keep(&mut self, byte: u8) {
        self.size += 1;
        if self.too_large() {
            self.bytes = Vec::new();
        } else {
            self.bytes.push(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same result however the bytes are cut in two.
    fn collected(bytes: &[u8]) -> (Vec<u8>, bool, bool, usize) {
        let whole = collect(&[bytes]);
        for middle in 0..bytes.len() {
            let (left, right) = bytes.split_at(middle);
            assert_eq!(collect(&[left, right]), whole, "{middle}");
        }
        whole
    }

    fn collect(parts: &[&[u8]]) -> (Vec<u8>, bool, bool, usize) {
        let mut collector = Collector::new(4096);
        let (mut used, mut done) = (0, false);
        for part in parts {
            if !done {
                let (more, end) = collector.take(part);
                (used, done) = (used + more, end);
            }
        }
        assert!(done, "no end");
        (collector.bytes, collector.bare, collector.long_line, used)
    }

    #[test]
    fn dots_are_unstuffed_and_one_alone_ends() {
        let (bytes, bare, long, used) = collected(b"a\r\n..\r\n...b\r\n.c\r\n.\r\nQUIT\r\n");
        assert_eq!(bytes, b"a\r\n.\r\n..b\r\nc\r\n");
        assert!(!bare && !long);
        assert_eq!(used, "a\r\n..\r\n...b\r\n.c\r\n.\r\n".len());
        assert_eq!(collected(b".\r\n").0, b"");
    }

    #[test]
    fn a_bare_line_end_is_noticed_and_ends_nothing() {
        for bad in [
            &b"a\nb\r\n.\r\n"[..],
            b"a\n.\r\nb\r\n.\r\n",
            b"a\r\n.\nb\r\n.\r\n",
            b"a\r.\r\n.\r\n",
            b"a\r\n.\rb\r\n.\r\n",
            b"a\r\r\n.\r\n",
        ] {
            let (_, bare, _, used) = collected(bad);
            assert!(bare && used == bad.len(), "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn a_line_has_998_octets_at_most() {
        let line = |octets: usize| [&vec![b'x'; octets], &b"\r\n.\r\n"[..]].concat();
        assert!(!collected(&line(998)).2 && collected(&line(999)).2);
        // A stuffed dot does not count.
        assert!(!collected(&[b".", &line(998)[1..998], b".\r\n.\r\n"].concat()).2);
    }

    #[test]
    fn too_much_is_counted_and_not_kept() {
        let mut collector = Collector::new(3);
        assert_eq!(collector.take(b"abcd\r\n.\r\n"), (9, true));
        assert!(collector.too_large() && collector.bytes.is_empty());
        assert_eq!(collector.size, 6);
    }
}
