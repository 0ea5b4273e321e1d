/// Longest line without its end, in octets (RFC 5322 section 2.1.1).
const LINE_OCTETS_MAX: usize = 998;

/// Brings a caller's message to the lines of the wire, or says why that can't be done without changing it.
///
/// RFC 5322 section 2.3 has CR and LF only together, and nowhere NUL. A file in which every line ends in a bare LF is the
/// same message as Unix keeps it: its line ends become CRLF. Anything mixed is refused, because servers disagree about
/// where such lines end, and so about where a message ends (SMTP smuggling).
pub(super) fn on_the_wire(mut bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if bytes.contains(&0) {
        return Err(
            "a message can't hold a NUL byte (RFC 5322 section 2.3); encode the part in base64".into()
        );
    }
    if !bytes.contains(&b'\r') {
        bytes = from_unix(&bytes);
    }
    if !bytes.ends_with(b"\r\n") {
        bytes.extend_from_slice(b"\r\n");
    }
    // Without the last line end, so that nothing stands after it.
    let lines = bytes.strip_suffix(b"\n").unwrap_or(&bytes).split(|byte| *byte == b'\n');
    for (index, line) in lines.enumerate() {
        let number = index + 1;
        let Some(line) = line.strip_suffix(b"\r") else {
            return Err(format!(
                "line {number} ends in LF alone and others in CRLF: lines end in CRLF (RFC 5322)"
            ));
        };
        if line.contains(&b'\r') {
            return Err(format!("line {number} holds a CR that no LF follows: lines end in CRLF (RFC 5322)"));
        }
        if line.len() > LINE_OCTETS_MAX {
            return Err(format!(
                "line {number} has {} octets and may have {LINE_OCTETS_MAX} (RFC 5322); encode the part in \
                 quoted-printable or base64",
                line.len()
            ));
        }
    }
    Ok(bytes)
}

fn from_unix(bytes: &[u8]) -> Vec<u8> {
    // Room for the CR of lines of 40 and more.
    let mut wire = Vec::with_capacity(bytes.len() + bytes.len() / 40 + 2);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(line) => {
                wire.extend_from_slice(line);
                wire.extend_from_slice(b"\r\n");
            }
            None => wire.extend_from_slice(line),
        }
    }
    wire
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(text: &str) -> Result<String, String> {
        on_the_wire(text.into()).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn what_is_right_stays() {
        for text in ["a: b\r\n\r\n.\r\n..\r\n", "\r\n", "a\r\n\r\n\r\n"] {
            assert_eq!(wire(text).as_deref(), Ok(text));
        }
        let long = format!("{}\r\n", "x".repeat(LINE_OCTETS_MAX));
        assert_eq!(wire(&long), Ok(long.clone()));
    }

    #[test]
    fn a_unix_file_is_the_same_message() {
        assert_eq!(wire("a: b\n\n\nc").as_deref(), Ok("a: b\r\n\r\n\r\nc\r\n"));
        assert_eq!(wire("a: b").as_deref(), Ok("a: b\r\n"));
    }

    #[test]
    fn what_servers_disagree_about_is_refused() {
        let long = "x".repeat(LINE_OCTETS_MAX + 1);
        for text in
            ["a\r\nb\nc\r\n", "\na\r\n", "a\rb\r\n", "a\r", "a\r\r\nb\r\n", "a\0\r\n", "a\r\n\nb\r\n", &long]
        {
            assert!(wire(text).is_err(), "{text:?}");
        }
        assert!(wire("a\r\nb\nc\r\n").unwrap_err().starts_with("line 2 ends in LF alone"));
        assert!(wire("a\r\n\n").is_err());
    }
}
