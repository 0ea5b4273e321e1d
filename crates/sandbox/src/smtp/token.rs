//! Tokens as Exchange's SMTP server takes them (sections 6.3, 6.4).

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    account::Account,
    entra::AccessToken,
    scopes::{Resource, SMTP_SEND},
    state::Store,
};

/// `user=…^Aauth=Bearer …^A^A`
#[derive(PartialEq, Eq)]
pub(crate) struct Xoauth2 {
    pub(crate) user: String,
    pub(crate) token: String,
}

impl Xoauth2 {
    /// To the letter: what Exchange lets pass beyond section 6.3 nobody looked up.
    pub(crate) fn read(encoded: &str) -> Option<Self> {
        let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        let (user, token) =
            text.strip_prefix("user=")?.strip_suffix("\x01\x01")?.split_once("\x01auth=Bearer ")?;
        let plain = |text: &str| !text.is_empty() && !text.contains(['\x01', ' ', '\r', '\n']);
        (plain(user) && plain(token)).then(|| Self { user: user.to_owned(), token: token.to_owned() })
    }
}

impl Store {
    /// A token for SMTP that is good now, and its owner, who has a mailbox.
    pub(crate) fn smtp_token(&self, value: &str, now: i64) -> Option<(&AccessToken, &Account)> {
        let token = self.access_tokens.iter().find(|token| token.value == value)?;
        let good = token.resource == Resource::Outlook
            && token.scopes.contains(&SMTP_SEND)
            && token.expires_at > now;
        let account = self.directory.by_oid(&token.oid).filter(|account| good && !account.guest)?;
        Some((token, account))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_string_is_read_to_the_letter() {
        let read = |text: &str| Xoauth2::read(&STANDARD.encode(text));
        let good = read("user=a@b.example\x01auth=Bearer t.o.k\x01\x01").unwrap();
        assert_eq!((good.user.as_str(), good.token.as_str()), ("a@b.example", "t.o.k"));
        for bad in [
            "user=a@b.example\x01auth=Bearer t\x01",
            "user=a@b.example\x01auth=bearer t\x01\x01",
            "user=\x01auth=Bearer t\x01\x01",
            "user=a@b.example\x01auth=Bearer \x01\x01",
            "user=a@b.example\nauth=Bearer t\x01\x01",
            "user=a@b.example\x01host=x\x01auth=Bearer t\x01\x01",
            "auth=Bearer t\x01user=a@b.example\x01\x01",
        ] {
            assert!(read(bad).is_none(), "{bad:?}");
        }
        assert!(Xoauth2::read("!").is_none());
    }
}
