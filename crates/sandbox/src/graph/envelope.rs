//! Addresses and sender rules that both forms of `sendMail` share.

use crate::{
    account::Account,
    graph::{
        bearer::Caller,
        errors::{self, GraphError, Rejected},
    },
    inbox::Address,
    scopes::{MAIL_SEND, MAIL_SEND_SHARED},
};

/// Section 5: the default an administrator may change. What Graph says above it nobody could look up.
const RECIPIENTS_MAX: usize = 500;
const ATTACHMENTS_MAX: usize = 250;
const SUBJECT_CHARS_MAX: usize = 255;

/// At least one recipient, and every address shaped like one.
pub(crate) fn check_recipients(lists: [&[Address]; 3]) -> Result<(), Rejected> {
    let count: usize = lists.iter().map(|list| list.len()).sum();
    if count == 0 || lists.into_iter().flatten().any(|address| !plausible(&address.address)) {
        return Err(errors::recipients_invalid().into());
    }
    if count > RECIPIENTS_MAX {
        return Err(Rejected::NotImplemented(format!("more than {RECIPIENTS_MAX} recipients")));
    }
    Ok(())
}

/// Limits of section 5 whose error is unknown: naming them beats guessing.
pub(crate) fn check_limits(subject: &str, attachments: usize) -> Result<(), Rejected> {
    if subject.chars().count() > SUBJECT_CHARS_MAX {
        return Err(Rejected::NotImplemented(format!(
            "a subject of more than {SUBJECT_CHARS_MAX} characters"
        )));
    }
    if attachments > ATTACHMENTS_MAX {
        return Err(Rejected::NotImplemented(format!("more than {ATTACHMENTS_MAX} attachments")));
    }
    Ok(())
}

/// Not RFC 5321, only enough to refuse what no server takes.
pub(crate) fn plausible(address: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || ['<', '>', ','].contains(&c);
    match address.rsplit_once('@') {
        Some((local, domain)) => {
            !local.is_empty() && !domain.is_empty() && !local.contains('@') && !address.contains(odd)
        }
        None => false,
    }
}

/// The mailbox's own address and name.
pub(crate) fn own_address(mailbox: &Account) -> Address {
    Address { address: mailbox.address().to_owned(), name: Some(mailbox.name.clone()) }
}

/// `from`: the own address or an alias with `Mail.Send`; another's with `Mail.Send.Shared` **and** Send As in Exchange
/// (sections 0.1 fact 23, 4.7).
pub(crate) fn check_from(from: &str, caller: &Caller) -> Result<(), GraphError> {
    if caller.account.owns(from) {
        return if caller.has(MAIL_SEND) { Ok(()) } else { Err(errors::access_denied()) };
    }
    if caller.has(MAIL_SEND_SHARED) && caller.account.may_send_as(from) {
        return Ok(());
    }
    Err(errors::send_as_denied())
}

/// `<left@right>` of RFC 5322 section 3.6.4, in what of it is visible ASCII.
pub(crate) fn is_message_id(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let halves = inner.and_then(|inner| inner.split_once('@'));
    let plain = |half: &str| {
        !half.is_empty() && half.chars().all(|c| c.is_ascii_graphic() && !"<>@()\",:;".contains(c))
    };
    halves.is_some_and(|(left, right)| plain(left) && plain(right))
}

#[cfg(test)]
mod tests {
    use super::plausible;

    #[test]
    fn addresses_need_two_halves() {
        assert!(plausible("o'brien+x@example.com"));
        for bad in [
            "",
            "a",
            "@example.com",
            "a@",
            "a b@example.com",
            "a@b@example.com",
            "a@example.com,b@example.com",
        ] {
            assert!(!plausible(bad), "{bad}");
        }
    }
}
