//! The permissions the sandbox knows, and how a `scope` parameter is read (sections 1.3, 4.5, 6.4, 9.2).

use std::fmt;

/// An API that access tokens are made for. One token request serves one of them (section 0.1 fact 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Resource {
    /// `https://graph.microsoft.com`
    Graph,
    /// `https://outlook.office.com`: Exchange Online, for SMTP.
    Outlook,
}

impl Resource {
    pub(crate) fn url(self) -> &'static str {
        match self {
            Self::Graph => "https://graph.microsoft.com",
            Self::Outlook => "https://outlook.office.com",
        }
    }
}

/// One permission. Compared by address of the catalogue entry, hence `Copy`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scope {
    /// `None` for the OpenID Connect scopes.
    pub(crate) resource: Option<Resource>,
    pub(crate) name: &'static str,
    /// What the consent page says.
    pub(crate) title: &'static str,
    pub(crate) plain: &'static str,
}

const fn oidc(name: &'static str, title: &'static str, plain: &'static str) -> Scope {
    Scope { resource: None, name, title, plain }
}

const fn graph(name: &'static str, title: &'static str, plain: &'static str) -> Scope {
    Scope { resource: Some(Resource::Graph), name, title, plain }
}

/// Sign-in: an id_token is made.
pub(crate) const OPENID: Scope = oidc("openid", "Sign you in", "The app learns that it is you.");
/// `name`, `preferred_username` and `oid` in the id_token.
pub(crate) const PROFILE: Scope = oidc("profile", "View your basic profile", "Your name and user name.");
/// The `email` claim.
pub(crate) const EMAIL: Scope = oidc("email", "View your email address", "Your primary address.");
/// A refresh token.
pub(crate) const OFFLINE_ACCESS: Scope = oidc(
    "offline_access",
    "Maintain access to data you have given it access to",
    "The app keeps working when you are not there.",
);
/// `GET /me`.
pub(crate) const USER_READ: Scope =
    graph("User.Read", "Sign you in and read your profile", "The app can read your profile.");
/// `sendMail` from the own mailbox.
pub(crate) const MAIL_SEND: Scope =
    graph("Mail.Send", "Send mail as you", "The app can send mail in your name. It can't read your mail.");
/// `sendMail` from a mailbox shared with the account.
pub(crate) const MAIL_SEND_SHARED: Scope = graph(
    "Mail.Send.Shared",
    "Send mail on behalf of others or yourself",
    "The app can send from mailboxes that are shared with you.",
);
/// Sending by SMTP; the one token Exchange's server takes (section 6.4).
pub(crate) const SMTP_SEND: Scope = Scope {
    resource: Some(Resource::Outlook),
    name: "SMTP.Send",
    title: "Send emails from your mailbox using SMTP AUTH",
    plain: "The app can send mail through Exchange Online's SMTP server.",
};

const KNOWN: [Scope; 11] = [
    OPENID,
    PROFILE,
    EMAIL,
    OFFLINE_ACCESS,
    USER_READ,
    MAIL_SEND,
    MAIL_SEND_SHARED,
    graph(
        "Mail.ReadWrite",
        "Read and write access to your mail",
        "The app can read, change and delete your mail.",
    ),
    graph(
        "Mail.ReadWrite.Shared",
        "Read and write mail you can access",
        "The app can read, change and delete mail that is shared with you.",
    ),
    // Listed under Graph in the portal (section 6.4); its token is for Graph, and SMTP rejects it.
    graph(
        "SMTP.Send",
        "Send emails from your mailbox using SMTP AUTH",
        "The app can send mail through SMTP.",
    ),
    SMTP_SEND,
];

impl Scope {
    /// `https://graph.microsoft.com/Mail.Send`, `openid`.
    pub(crate) fn full(&self) -> String {
        match self.resource {
            Some(resource) => format!("{}/{}", resource.url(), self.name),
            None => self.name.to_owned(),
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full())
    }
}

/// Why a `scope` parameter was not understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// AADSTS70011.
    Unknown(String),
    /// `.default` among others: AADSTS70011 (section 1.3).
    DefaultMixed,
    /// `.default` alone, which Entra knows and the sandbox does not.
    Default,
}

/// Reads a space-separated list. Without a resource a permission is Graph's (section 1.3); duplicates fall together.
pub(crate) fn read(list: &str) -> Result<Vec<Scope>, Unreadable> {
    let words: Vec<&str> = list.split_ascii_whitespace().collect();
    if words.iter().any(|word| word.ends_with("/.default") || *word == ".default") {
        let alone = words.iter().all(|word| word.ends_with(".default") || is_oidc(word));
        return Err(if alone { Unreadable::Default } else { Unreadable::DefaultMixed });
    }
    let mut scopes = Vec::new();
    for word in words {
        let scope = find(word).ok_or_else(|| Unreadable::Unknown(word.to_owned()))?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Ok(scopes)
}

fn is_oidc(word: &str) -> bool {
    KNOWN.iter().any(|scope| scope.resource.is_none() && scope.name == word)
}

fn find(word: &str) -> Option<Scope> {
    // `outlook.office365.com` is the same resource under its older name (section 6.4).
    let word = word.replace("https://outlook.office365.com/", "https://outlook.office.com/");
    let full = if word.contains("://") || is_oidc(&word) {
        word
    } else {
        format!("{}/{word}", Resource::Graph.url())
    };
    KNOWN.iter().find(|scope| scope.full() == full).copied()
}

/// The resource of the first permission that has one. Entra's default is Graph.
pub(crate) fn first_resource(scopes: &[Scope]) -> Resource {
    scopes.iter().find_map(|scope| scope.resource).unwrap_or(Resource::Graph)
}

/// How many resources a list names.
pub(crate) fn resources(scopes: &[Scope]) -> usize {
    let mut all: Vec<Resource> = scopes.iter().filter_map(|scope| scope.resource).collect();
    all.sort_unstable();
    all.dedup();
    all.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_permission_is_graphs() {
        assert_eq!(read("Mail.Send").unwrap(), read("https://graph.microsoft.com/Mail.Send").unwrap());
        assert_eq!(read("openid  openid").unwrap(), [OPENID]);
    }

    #[test]
    fn smtp_has_two_homes() {
        let both = read("SMTP.Send https://outlook.office.com/SMTP.Send").unwrap();
        assert_eq!(resources(&both), 2);
        let older = read("https://outlook.office365.com/SMTP.Send").unwrap();
        assert_eq!(first_resource(&older), Resource::Outlook);
    }

    #[test]
    fn unknown_and_default_are_told_apart() {
        assert_eq!(read("Mail.Sned"), Err(Unreadable::Unknown("Mail.Sned".into())));
        assert_eq!(read("https://graph.microsoft.com/.default openid"), Err(Unreadable::Default));
        assert_eq!(read("https://graph.microsoft.com/.default Mail.Send"), Err(Unreadable::DefaultMixed));
    }
}
