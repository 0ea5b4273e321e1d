use crate::text::is_one_line;

/// Why a custom header can't go with a mail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The name is not `x-` and then letters, digits or hyphens.
    #[error(
        "a header's name begins with x- and holds only letters, digits and hyphens, at most {NAME_CHARS_MAX}"
    )]
    Name,
    /// The value holds a control character, or is too long for one line.
    #[error("a header's value is one line of at most {VALUE_CHARS_MAX} characters")]
    Value,
}

/// Longest name of a custom header; with the longest value it stays below the 998 octets of a line (RFC 5322 2.1.1).
const NAME_CHARS_MAX: usize = 64;
/// Longest value of a custom header: four octets a character at most, in one line of 998 with the name.
const VALUE_CHARS_MAX: usize = 230;

/// A custom header, `x-invoice: 2026-0042`, that fits in one line and cannot begin another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    name: String,
    value: String,
}

impl Header {
    /// Takes name and value as the ERP wrote them.
    pub fn new(name: &str, value: &str) -> Result<Self, HeaderError> {
        let rest = name.strip_prefix(['x', 'X']).and_then(|rest| rest.strip_prefix('-')).unwrap_or_default();
        let name_fits = !rest.is_empty() && name.len() <= NAME_CHARS_MAX;
        if !name_fits || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(HeaderError::Name);
        }
        if !is_one_line(value) || value.chars().count() > VALUE_CHARS_MAX {
            return Err(HeaderError::Value);
        }
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }

    /// The name, with its `x-`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_x_headers_only() {
        assert!(Header::new("x-erp-document", "INV-4711").is_ok());
        assert!(Header::new("X-1", "").is_ok());
        for name in ["", "x-", "subject", "x_y", "x-a b", "x-a:", "x-é", "x-a\r\nbcc"] {
            assert_eq!(Header::new(name, "v"), Err(HeaderError::Name), "{name:?}");
        }
    }

    #[test]
    fn a_value_is_one_short_line() {
        for value in ["a\r\nBcc: x@y.nl", "a\nb", "a\0", &"v".repeat(VALUE_CHARS_MAX + 1)] {
            assert_eq!(Header::new("x-a", value), Err(HeaderError::Value));
        }
    }
}
