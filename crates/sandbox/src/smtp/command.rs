//! Reading a command line (RFC 5321, 4.1.1; RFC 1870, 3461, 4954, 6152, 6531).

/// One line a client said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Also HELO.
    Hello {
        extended: bool,
    },
    Starttls,
    Auth {
        mechanism: String,
        initial: Option<String>,
    },
    Mail(Path),
    Rcpt(Path),
    Data,
    /// How many bytes follow.
    Bdat(u64),
    Rset,
    Noop,
    Vrfy,
    Quit,
    /// The verb is known and the rest is wrong.
    Syntax,
    Unknown,
}

/// `<address>` and the parameters behind it, names in upper case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// Empty: `<>`.
    pub(crate) address: String,
    pub(crate) parameters: Vec<(String, Option<String>)>,
}

impl Path {
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name)?;
        Some(found.1.as_deref().unwrap_or_default())
    }
}

impl Command {
    pub(crate) fn read(line: &str) -> Self {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        let alone = |command| if rest.is_empty() { command } else { Self::Syntax };
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" if rest.is_empty() => Self::Syntax,
            "EHLO" => Self::Hello { extended: true },
            "HELO" => Self::Hello { extended: false },
            "STARTTLS" => alone(Self::Starttls),
            "AUTH" => auth(rest),
            "MAIL" => path(rest, "FROM:").map_or(Self::Syntax, Self::Mail),
            "RCPT" => {
                path(rest, "TO:").filter(|path| !path.address.is_empty()).map_or(Self::Syntax, Self::Rcpt)
            }
            "DATA" => alone(Self::Data),
            "BDAT" => {
                rest.split(' ').next().and_then(|size| size.parse().ok()).map_or(Self::Syntax, Self::Bdat)
            }
            "RSET" => alone(Self::Rset),
            "NOOP" => Self::Noop,
            "VRFY" => Self::Vrfy,
            "QUIT" => alone(Self::Quit),
            _ => Self::Unknown,
        }
    }

    /// For the log: never what was said with it.
    pub(crate) fn verb(&self) -> &'static str {
        match self {
            Self::Hello { extended: true } => "EHLO",
            Self::Hello { extended: false } => "HELO",
            Self::Starttls => "STARTTLS",
            Self::Auth { .. } => "AUTH",
            Self::Mail(_) => "MAIL",
            Self::Rcpt(_) => "RCPT",
            Self::Data => "DATA",
            Self::Bdat(_) => "BDAT",
            Self::Rset => "RSET",
            Self::Noop => "NOOP",
            Self::Vrfy => "VRFY",
            Self::Quit => "QUIT",
            Self::Syntax | Self::Unknown => "?",
        }
    }
}

fn auth(rest: &str) -> Command {
    let mut words = rest.split(' ');
    let mechanism = words.next().unwrap_or_default().to_ascii_uppercase();
    let initial = words.next().map(str::to_owned);
    if mechanism.is_empty() || words.next().is_some() {
        return Command::Syntax;
    }
    Command::Auth { mechanism, initial }
}

fn path(rest: &str, keyword: &str) -> Option<Path> {
    let (given, rest) = rest.split_at_checked(keyword.len())?;
    if !given.eq_ignore_ascii_case(keyword) {
        return None;
    }
    // A space after the colon is wrong, and Exchange is known to let it pass [U].
    let (address, rest) = rest.trim_start().strip_prefix('<')?.split_once('>')?;
    if !address.is_empty() && !plausible(address) {
        return None;
    }
    if !rest.is_empty() && !rest.starts_with(' ') {
        return None;
    }
    let parameters = rest.split_ascii_whitespace().map(|word| match word.split_once('=') {
        Some((name, value)) => (name.to_ascii_uppercase(), Some(value.to_owned())),
        None => (word.to_ascii_uppercase(), None),
    });
    Some(Path { address: address.to_owned(), parameters: parameters.collect() })
}

/// Not RFC 5321, only enough to refuse what no server takes.
fn plausible(address: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || ['<', '>', ','].contains(&c);
    let halves = address.rsplit_once('@');
    !address.contains(odd) && halves.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_brackets_and_parameters() {
        let Command::Mail(path) = Command::read("mail from:<a@b.example> SIZE=12 body=8BITMIME SMTPUTF8")
        else {
            panic!("no MAIL");
        };
        assert_eq!((path.address.as_str(), path.parameter("SIZE")), ("a@b.example", Some("12")));
        assert_eq!((path.parameter("BODY"), path.parameter("SMTPUTF8")), (Some("8BITMIME"), Some("")));
        assert_eq!(path.parameter("RET"), None);
        assert!(matches!(Command::read("MAIL FROM:<>"), Command::Mail(path) if path.address.is_empty()));
        for bad in [
            "MAIL",
            "MAIL a@b.example",
            "MAIL FROM:a@b.example",
            "RCPT TO:<>",
            "RCPT TO:<a b@c.example>",
            "RCPT TO:<a@b.example>x",
            "RCPT TO:<ab.example>",
            "DATA x",
            "AUTH",
            "AUTH XOAUTH2 a b",
            "EHLO",
            "MAIL FROé",
        ] {
            assert_eq!(Command::read(bad), Command::Syntax, "{bad}");
        }
        assert_eq!(Command::read("BURL imap://x"), Command::Unknown);
    }
}
