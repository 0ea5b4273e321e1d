use std::ops::Range;

/// Largest header section, in bytes: what Exchange Online takes (256 KB). It bounds what is read into addresses, too.
pub(super) const HEAD_BYTES_MAX: usize = 256 * 1024;

/// One field of a header section, as byte ranges of the message, so that it can be left out and nothing else changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Its name in lower case.
    pub(super) name: String,
    /// Name, value and every line end.
    pub(super) whole: Range<usize>,
    /// What stands after the colon, line ends included.
    pub(super) value: Range<usize>,
}

/// Where the header section ends: after the line end of its last field.
pub(super) fn head_end(wire: &[u8]) -> usize {
    if wire.starts_with(b"\r\n") {
        return 0;
    }
    wire.windows(4).position(|window| window == b"\r\n\r\n").map_or(wire.len(), |at| at + 2)
}

/// Cuts a header section into fields. Stricter than readers must be (RFC 5322 section 4): where they differ about what is
/// a field, one could see a sender that another does not.
pub(super) fn read_fields(head: &str) -> Result<Vec<Field>, String> {
    let mut fields: Vec<Field> = Vec::new();
    let mut start = 0;
    for (index, line) in head.split_inclusive('\n').enumerate() {
        let number = index + 1;
        let end = start + line.len();
        let text = line.trim_end_matches(['\r', '\n']);
        if text.chars().any(|character| character.is_control() && character != '\t') {
            return Err(format!("line {number} of the header section holds a control character"));
        }
        if text.starts_with([' ', '\t']) {
            let Some(field) = fields.last_mut() else {
                return Err("the header section begins with a space".into());
            };
            if text.trim().is_empty() {
                return Err(format!("line {number} of the header section holds nothing but space"));
            }
            (field.whole.end, field.value.end) = (end, end);
        } else {
            let name = text.split(':').next().filter(|name| name.len() < text.len() && is_field_name(name));
            let Some(name) = name else {
                return Err(format!(
                    "line {number} is no header field: a name without space, a colon, a value; an empty line ends them"
                ));
            };
            let value = start + name.len() + 1..end;
            fields.push(Field { name: name.to_ascii_lowercase(), whole: start..end, value });
        }
        start = end;
    }
    Ok(fields)
}

/// `ftext` of RFC 5322 section 3.6.8.
fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_fields_and_not_at_folds() {
        let head = "From: a@b.nl\r\nTO: c@d.nl,\r\n\te@f.nl\r\nX-Empty:\r\n";
        let fields = read_fields(head).unwrap();
        let cut: Vec<_> =
            fields.iter().map(|field| (field.name.as_str(), &head[field.value.clone()])).collect();
        assert_eq!(cut, [("from", " a@b.nl\r\n"), ("to", " c@d.nl,\r\n\te@f.nl\r\n"), ("x-empty", "\r\n")]);
        assert_eq!(&head[fields[1].whole.clone()], "TO: c@d.nl,\r\n\te@f.nl\r\n");
    }

    #[test]
    fn refuses_what_readers_see_in_different_ways() {
        for head in [
            " a: b\r\n",
            "From a@b.nl Mon\r\n",
            "From : a@b.nl\r\n",
            ": b\r\n",
            "a\r\n",
            "a: b\r\n \t\r\n c\r\n",
            "a: b\x0bc\r\n",
            "é: b\r\n",
        ] {
            assert!(read_fields(head).is_err(), "{head:?}");
        }
    }

    #[test]
    fn the_head_ends_at_the_first_empty_line() {
        assert_eq!(head_end(b"a: b\r\n\r\nc\r\n\r\n"), 6);
        assert_eq!(head_end(b"a: b\r\n"), 6);
        assert_eq!(head_end(b"\r\na: b\r\n"), 0);
    }
}
