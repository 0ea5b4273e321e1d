//! Which servers this relay speaks with: its owner decides, not whoever sends an order.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Servers, for example `mail.example.nl:587`, `*.example.nl:25`, `*:465` or `[2001:db8::1]:*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    host: Host,
    /// None for any.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Any,
    /// Everything under this domain, but not the domain itself.
    Under(String),
    Exactly(String),
}

/// A text that is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a server as mail.example.nl:587, *.example.nl:25 or *:587")]
pub(crate) struct PatternError;

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, port) = text.trim().rsplit_once(':').ok_or(PatternError)?;
        let port = match port {
            "*" => None,
            digits => Some(digits.parse().ok().filter(|port| *port > 0).ok_or(PatternError)?),
        };
        let is_name =
            |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-._".contains(c));
        let host = match normal(host) {
            // The root's dot behind a star means nothing.
            _ if host.ends_with("*.") => return Err(PatternError),
            any if any == "*" => Host::Any,
            literal if literal.parse::<IpAddr>().is_ok() => Host::Exactly(literal),
            name => match name.strip_prefix("*.") {
                Some(domain) if is_name(domain) => Host::Under(domain.to_owned()),
                None if is_name(&name) => Host::Exactly(name),
                _ => return Err(PatternError),
            },
        };
        Ok(Self { host, port })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Any => write!(f, "*"),
            Host::Under(domain) => write!(f, "*.{domain}"),
            Host::Exactly(name) => write!(f, "{name}"),
        }?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => write!(f, ":*"),
        }
    }
}

impl Pattern {
    fn covers(&self, host: &str, port: u16) -> bool {
        let host = normal(host);
        let covers_host = match &self.host {
            Host::Any => true,
            Host::Under(domain) => {
                host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
            Host::Exactly(name) => host == *name,
        };
        covers_host && self.port.is_none_or(|own| own == port)
    }

    /// The one server that it means, if it means one.
    pub(crate) fn server(&self) -> Option<(&str, u16)> {
        match &self.host {
            Host::Exactly(name) => Some((name, self.port?)),
            Host::Any | Host::Under(_) => None,
        }
    }
}

/// Names don't differ by case, by the root's dot, or by the brackets around an address.
fn normal(host: &str) -> String {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map_or(host.clone(), str::to_owned)
}

/// Everything that the owner has allowed.
#[derive(Clone, Debug)]
pub(crate) struct Allowed {
    /// With addresses on the internet only.
    pub(crate) public: Vec<Pattern>,
    /// Also inside a network.
    pub(crate) private: Vec<Pattern>,
}

/// Where a server that was allowed may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    Internet,
    Anywhere,
}

impl Allowed {
    /// None: the relay does not speak with this server.
    pub(crate) fn judge(&self, host: &str, port: u16) -> Option<Where> {
        let covers = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.covers(host, port));
        match () {
            () if covers(&self.private) => Some(Where::Anywhere),
            () if covers(&self.public) => Some(Where::Internet),
            () => None,
        }
    }
}

/// Whether an address is on the internet: not a network's own, not one that leads back into one.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => ip_rfc::global_v4(&v4) && !v4.is_multicast(),
        // Global unicast (RFC 4291 section 2.4) without 6to4 and Teredo, which carry an IPv4 address.
        IpAddr::V6(v6) => match v6.segments() {
            [0x2002, ..] | [0x2001, 0, ..] => false,
            [first, ..] => first & 0xe000 == 0x2000 && ip_rfc::global_v6(&v6),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> Pattern {
        text.parse().unwrap()
    }

    #[test]
    fn a_pattern_covers_what_it_says() {
        for (text, host, port) in [
            ("mail.example.nl:587", "Mail.Example.NL.", 587),
            ("mail.example.nl:*", "mail.example.nl", 25),
            ("*.example.nl:25", "a.b.example.nl", 25),
            ("*:465", "anything", 465),
            ("10.0.0.5:25", "10.0.0.5", 25),
            ("[fd00::5]:25", "[fd00::5]", 25),
            ("[fd00::5]:25", "fd00::5", 25),
        ] {
            assert!(pattern(text).covers(host, port), "{text} {host}");
        }
        for (text, host, port) in [
            ("mail.example.nl:587", "mail.example.nl", 25),
            ("mail.example.nl:587", "evil-mail.example.nl", 587),
            ("*.example.nl:25", "example.nl", 25),
            ("*.example.nl:25", ".example.nl", 25),
            ("*.example.nl:25", "evilexample.nl", 25),
            ("*.example.nl:25", "a.example.nl.evil.com", 25),
        ] {
            assert!(!pattern(text).covers(host, port), "{text} {host}");
        }
    }

    #[test]
    fn a_pattern_that_means_nothing_is_refused() {
        for text in [
            "",
            "mail.example.nl",
            ":25",
            "mail.example.nl:0",
            "mail.example.nl:smtp",
            "a*b:25",
            "*.:25",
            "a b:25",
            "https://a:25",
        ] {
            assert_eq!(text.parse::<Pattern>(), Err(PatternError), "{text}");
        }
        for text in ["mail.example.nl:587", "*.example.nl:25", "*:*"] {
            assert_eq!(pattern(text).to_string(), text);
        }
    }

    #[test]
    fn an_address_inside_a_network_is_told_from_one_outside() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "fec0::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001:0:a00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["8.8.8.8", "52.97.1.1", "2a01:111:f400::1", "2606:4700::1111", "::ffff:8.8.8.8"] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn a_server_inside_is_allowed_apart() {
        let allowed = Allowed { public: vec![pattern("*:587")], private: vec![pattern("mail.intern:25")] };
        assert_eq!(allowed.judge("smtp.gmail.com", 587), Some(Where::Internet));
        assert_eq!(allowed.judge("mail.intern", 25), Some(Where::Anywhere));
        assert_eq!(allowed.judge("mail.intern", 587), Some(Where::Internet));
        assert_eq!(allowed.judge("smtp.gmail.com", 25), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}", host in "\\PC{0,40}") {
            if let Ok(pattern) = text.parse::<Pattern>() {
                pattern.covers(&host, 25);
                prop_assert_eq!(pattern.to_string().parse::<Pattern>().ok(), Some(pattern));
            }
        }
    }
}
