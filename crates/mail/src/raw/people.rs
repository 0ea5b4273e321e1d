//! Reads who stands in an address field of a caller's message.

use mail_parser::Address;
use mail_parser::parsers::MessageStream;

use crate::{Correspondent, EmailAddress};

/// Reads a field that names one sender.
///
/// Whether somebody may send as that address is decided here, and what the reader sees is decided by Exchange: two
/// readers must agree here, the strict one of JSON requests and `mail-parser`. That leaves out comments, groups, routes and
/// lists (DMARC has no use for two authors either, RFC 7489 section 6.6.1).
pub(super) fn read_sender(value: &str) -> Result<EmailAddress, String> {
    let strict = Correspondent::read_list(&value.replace("\r\n", ""));
    match (strict.as_deref(), read_recipients(value).as_deref()) {
        (Ok([strict]), Ok([lenient])) if strict.address() == lenient => Ok(lenient.clone()),
        _ => Err("one sender, written as anna@example.nl or Anna <anna@example.nl>".into()),
    }
}

/// Reads a field of recipients (RFC 5322 section 3.4), with groups and comments.
pub(super) fn read_recipients(value: &str) -> Result<Vec<EmailAddress>, String> {
    let field = format!("{value}\r\n");
    // The parser of this one kind of field: `MessageParser` would bring those of all others along.
    let header = MessageStream::new(field.as_bytes()).parse_address();
    let found = header.as_address().into_iter().flat_map(Address::iter);
    // A name without an address, or an address that breaks the rules, is an error: mail would miss somebody.
    found.map(|one| one.address().unwrap_or_default().parse().map_err(refused)).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "the signature of map_err")]
fn refused(error: crate::AddressError) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipients(value: &str) -> Vec<String> {
        read_recipients(value).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn recipients_come_in_every_form_of_the_rfc() {
        assert_eq!(
            recipients(" a@b.nl, Anna <c@d.nl>,\r\n \"x, y\" <e@f.nl>\r\n"),
            ["a@b.nl", "c@d.nl", "e@f.nl"]
        );
        assert_eq!(recipients(" undisclosed-recipients:;\r\n"), <[&str; 0]>::default());
        assert_eq!(recipients(" Team: a@b.nl, c@d.nl;, e@f.nl\r\n"), ["a@b.nl", "c@d.nl", "e@f.nl"]);
        assert_eq!(recipients(" =?utf-8?Q?Zo=C3=AB?= (thuis) <a@b.nl>\r\n"), ["a@b.nl"]);
        assert_eq!(recipients(" zoë@b.nl\r\n"), ["zoë@b.nl"]);
        assert!(read_recipients(" Anna\r\n").is_err());
        assert!(read_recipients(" a@localhost\r\n").is_err());
    }

    #[test]
    fn a_sender_is_one_and_clear() {
        for value in [
            " a@b.nl\r\n",
            " Anna\r\n <a@b.nl>\r\n",
            " \"c@d.nl\" <a@b.nl>\r\n",
            "=?utf-8?B?4pyT?= <a@b.nl>\r\n",
        ] {
            assert_eq!(read_sender(value).unwrap().as_str(), "a@b.nl", "{value:?}");
        }
        for value in [
            "\r\n",
            " a@b.nl, c@d.nl\r\n",
            " Team: a@b.nl;\r\n",
            " (c@d.nl) a@b.nl\r\n",
            " <@x.nl:a@b.nl>\r\n",
            " a@b.nl c@d.nl\r\n",
            " <a@b.nl> <c@d.nl>\r\n",
            " c@d.nl <a@b.nl\r\n",
            " \"x\" <c@d.nl> (<a@b.nl>\r\n",
        ] {
            assert!(read_sender(value).is_err(), "{value:?}");
        }
    }
}
