use std::fmt;
use std::str::FromStr;

use api::RECIPIENTS_MAX;
use email_address::Options;

use crate::text::is_one_line;

/// Why a text is not an address that mail can go to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Nothing was written.
    #[error("an address is missing; write anna@example.nl or Anna <anna@example.nl>")]
    Missing,
    /// A `<` without its `>`, or a `"` without its pair.
    #[error("{0} is not an address: a bracket or quote is left open")]
    Unclosed(String),
    /// The address itself breaks RFC 5321.
    #[error("{0} is not an address; write anna@example.nl or Anna <anna@example.nl>")]
    Malformed(String),
    /// The display name holds a control character.
    #[error("the name before an address can't hold line breaks or other control characters")]
    NameBreaksLine,
}

/// One e-mail address, `local@domain`, by RFC 5321 section 4.1.2 and never with a control character.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The address as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it takes SMTPUTF8 (RFC 6531) to write it in an envelope or a header.
    #[must_use]
    pub fn needs_smtputf8(&self) -> bool {
        !self.0.is_ascii()
    }

    /// Whether both name the same mailbox at Exchange, which compares addresses without regard to case.
    #[must_use]
    pub fn names_same_mailbox(&self, other: &str) -> bool {
        self.0.to_lowercase() == other.trim().to_lowercase()
    }
}

impl FromStr for EmailAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AddressError::Missing);
        }
        // The crate takes a domain without a dot and quoted local parts; the first is never meant by an ERP. By default
        // it takes a name and brackets too, which would then stand in RCPT TO.
        let domain_has_dot = text.rsplit_once('@').is_some_and(|(_, domain)| domain.contains('.'));
        let bare = Options::default().without_display_text();
        let is_valid = || email_address::EmailAddress::parse_with_options(text, bare).is_ok();
        if domain_has_dot && is_one_line(text) && is_valid() {
            Ok(Self(text.to_owned()))
        } else {
            Err(AddressError::Malformed(quoted(text)))
        }
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An address with the name that people see beside it: a `mailbox` in RFC 5322 section 3.4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correspondent {
    name: Option<String>,
    address: EmailAddress,
}

impl Correspondent {
    /// The display name, without quotes, when there is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> &EmailAddress {
        &self.address
    }

    /// Reads a text with addresses, separated by commas or semicolons: of too many one more than a mail may have, which is
    /// enough to refuse it.
    pub fn read_list(text: &str) -> Result<Vec<Self>, AddressError> {
        split_list(text)?.into_iter().map(str::parse).collect()
    }
}

impl FromStr for Correspondent {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let Some((name, rest)) = text.rsplit_once('<') else {
            return Ok(Self { name: None, address: text.parse()? });
        };
        let address = rest.strip_suffix('>').ok_or_else(|| AddressError::Unclosed(quoted(text)))?.parse()?;
        let name = unquote(name.trim());
        if !is_one_line(&name) {
            return Err(AddressError::NameBreaksLine);
        }
        // Space around a name and twice inside it means nothing, in quotes or not, and mail programs drop it.
        let name = name.trim().split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        Ok(Self { name: (!name.is_empty()).then_some(name), address })
    }
}

/// Takes the quotes of a `quoted-string` off (RFC 5322 section 3.2.4); a name without quotes stays as it is.
fn unquote(name: &str) -> String {
    let Some(inner) = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return name.to_owned();
    };
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        plain.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    plain
}

/// Cuts at commas and semicolons that stand neither in quotes nor in angle brackets; empty pieces are passed over, and what
/// follows when there are too many.
fn split_list(text: &str) -> Result<Vec<&str>, AddressError> {
    let mut pieces = Vec::new();
    let (mut in_quotes, mut in_brackets, mut escaped, mut start) = (false, false, false, 0);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if in_quotes => escaped = true,
            '"' => in_quotes = !in_quotes,
            '<' if !in_quotes => in_brackets = true,
            '>' if !in_quotes => in_brackets = false,
            ',' | ';' if !in_quotes && !in_brackets => {
                keep(&mut pieces, text.get(start..at));
                start = at + character.len_utf8();
            }
            _ => {}
        }
    }
    if in_quotes || in_brackets {
        return Err(AddressError::Unclosed(quoted(text)));
    }
    keep(&mut pieces, text.get(start..));
    Ok(pieces)
}

fn keep<'t>(pieces: &mut Vec<&'t str>, piece: Option<&'t str>) {
    let piece = piece.filter(|piece| !piece.trim().is_empty());
    if pieces.len() <= RECIPIENTS_MAX {
        pieces.extend(piece);
    }
}

/// What was written, short enough and clean enough to stand in an error.
fn quoted(text: &str) -> String {
    const SHOWN_CHARS: usize = 80;
    let shown: String = text.chars().take(SHOWN_CHARS).flat_map(char::escape_debug).collect();
    format!("\"{shown}\"")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn correspondent(text: &str) -> (Option<String>, String) {
        let read: Correspondent = text.parse().unwrap();
        (read.name, read.address.to_string())
    }

    #[test]
    fn reads_what_people_write() {
        assert_eq!(correspondent("a@b.nl"), (None, "a@b.nl".into()));
        assert_eq!(correspondent(" Anna Jansen <a@b.nl> "), (Some("Anna Jansen".into()), "a@b.nl".into()));
        assert_eq!(correspondent("<a@b.nl>"), (None, "a@b.nl".into()));
        assert_eq!(correspondent("\"  Anna   Jansen \" <a@b.nl>").0, Some("Anna Jansen".into()));
        assert_eq!(correspondent("\" \" <a@b.nl>").0, None);
        assert_eq!(
            correspondent(r#""Jansen, \"Anna\" <x>" <a@b.nl>"#),
            (Some("Jansen, \"Anna\" <x>".into()), "a@b.nl".into())
        );
        assert_eq!(correspondent("Café Zoë <zoë@b.nl>").0, Some("Café Zoë".into()));
    }

    #[test]
    fn a_list_may_hold_commas_in_names() {
        let list = Correspondent::read_list(r#"a@b.nl, "Jansen, Anna" <c@d.nl>; e@f.nl,"#).unwrap();
        let addresses: Vec<_> = list.iter().map(|one| one.address().as_str()).collect();
        assert_eq!(addresses, ["a@b.nl", "c@d.nl", "e@f.nl"]);
    }

    #[test]
    fn refuses_what_is_no_address() {
        for text in [
            "",
            "anna",
            "anna@",
            "@b.nl",
            "anna@localhost",
            "a b@c.nl",
            "Anna <a@b.nl",
            "a@b.nl\r\nBcc: x@y.nl",
        ] {
            assert!(text.parse::<Correspondent>().is_err(), "{text:?}");
        }
        assert_eq!("A\r\nBcc: x <a@b.nl>".parse::<Correspondent>(), Err(AddressError::NameBreaksLine));
    }

    #[test]
    fn an_address_alone_has_no_name() {
        for text in ["Anna <a@b.nl>", "<a@b.nl>", "a@b.nl>", "a@b.nl, c@d.nl", "a@b.nl c@d.nl"] {
            assert!(text.parse::<EmailAddress>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_read_can_break_a_line(text in ".*") {
            for one in Correspondent::read_list(&text).unwrap_or_default() {
                prop_assert!(is_one_line(one.address().as_str()));
                prop_assert!(one.name().is_none_or(is_one_line));
            }
        }

        #[test]
        fn injection_through_a_name_is_refused(name in "[a-z ]{0,8}\r\n[a-z: ]{0,8}") {
            let refused = format!("\"{name}\" <a@b.nl>").parse::<Correspondent>().is_err();
            prop_assert!(refused);
        }
    }
}
