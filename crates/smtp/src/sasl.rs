use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::capabilities::Capabilities;
use crate::outcome::Stop;
use crate::plan::{Auth, Credentials};

/// Longest command line with an initial response; RFC 4954 section 4 allows more, servers don't.
const LINE_MAX: usize = 500;

/// One sign-in: the command that begins it, then an answer to each challenge (RFC 4954 section 4).
#[derive(Default)]
pub(crate) struct SignIn {
    command: Vec<u8>,
    answers: std::vec::IntoIter<Vec<u8>>,
    is_xoauth2: bool,
}

impl SignIn {
    /// Chooses a mechanism from what the server offers. `None` when nobody is to sign in.
    pub(crate) fn choose(auth: &Auth, offered: &Capabilities, in_tls: bool) -> Result<Option<Self>, Stop> {
        let (credentials, mechanisms, may_go_in_clear): (_, &[Mechanism], _) = match auth {
            Auth::None => return Ok(None),
            Auth::XOAuth2(credentials) => (credentials, &[Mechanism::XOAuth2], false),
            // CRAM-MD5 and SCRAM belong before these two, and don't need TLS.
            Auth::Password { credentials, even_in_clear } => {
                (credentials, &[Mechanism::Plain, Mechanism::Login], *even_in_clear)
            }
        };
        if !in_tls && !may_go_in_clear {
            return Err(Stop::SecretInClear);
        }
        if offered.mechanisms.is_empty() {
            return Err(Stop::SignInNotOffered);
        }
        match mechanisms.iter().find(|mechanism| offered.offers(mechanism.name())) {
            Some(mechanism) => Ok(Some(mechanism.begin(credentials))),
            None => Err(Stop::NoCommonMechanism { offered: offered.mechanisms.join(" ") }),
        }
    }

    /// `AUTH` and the mechanism.
    pub(crate) fn command(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.command)
    }

    /// Whether everything has been shown.
    pub(crate) fn is_complete(&self) -> bool {
        self.answers.len() == 0
    }

    /// What to answer to `334`.
    pub(crate) fn answer(&mut self, challenge: &str) -> Answer {
        match self.answers.next() {
            Some(answer) => Answer::Line(answer),
            // XOAUTH2's error message wants an empty line; the refusal comes after it.
            None if std::mem::take(&mut self.is_xoauth2) => Answer::Acknowledge(decoded(challenge)),
            None => Answer::Nothing,
        }
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignIn([redacted])")
    }
}

/// What a challenge is answered with.
pub(crate) enum Answer {
    /// This line.
    Line(Vec<u8>),
    /// An empty line: the challenge was an error message, this one.
    Acknowledge(Option<String>),
    /// Nothing is left to say.
    Nothing,
}

#[derive(Clone, Copy)]
enum Mechanism {
    XOAuth2,
    Plain,
    Login,
}

impl Mechanism {
    const fn name(self) -> &'static str {
        match self {
            Self::XOAuth2 => "XOAUTH2",
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
        }
    }

    fn begin(self, credentials: &Credentials) -> SignIn {
        let (user, secret) = (credentials.user(), credentials.secret());
        let answers = match self {
            Self::XOAuth2 => vec![line(&format!("user={user}\u{1}auth=Bearer {secret}\u{1}\u{1}"))],
            Self::Plain => vec![line(&format!("\0{user}\0{secret}"))],
            Self::Login => vec![line(user), line(secret)],
        };
        let mut command = format!("AUTH {}", self.name()).into_bytes();
        let mut answers = answers.into_iter();
        // PLAIN without an initial response puzzles some servers; one that is too long puzzles others.
        match (self, answers.as_slice()) {
            (Self::Plain, [only]) if command.len() + 1 + only.len() <= LINE_MAX => {
                command.push(b' ');
                command.extend(answers.next().unwrap_or_default());
            }
            _ => command.extend_from_slice(b"\r\n"),
        }
        SignIn { command, answers, is_xoauth2: matches!(self, Self::XOAuth2) }
    }
}

fn line(text: &str) -> Vec<u8> {
    let mut line = STANDARD.encode(text).into_bytes();
    line.extend_from_slice(b"\r\n");
    line
}

/// The error message inside a challenge, as one clean line.
fn decoded(challenge: &str) -> Option<String> {
    const CHARS_MAX: usize = 500;
    let bytes = STANDARD.decode(challenge.trim()).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(CHARS_MAX).collect::<String>();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offering(mechanisms: &[&str]) -> Capabilities {
        Capabilities {
            mechanisms: mechanisms.iter().map(ToString::to_string).collect(),
            ..Capabilities::default()
        }
    }

    fn password(secret: &str, even_in_clear: bool) -> Auth {
        Auth::Password { credentials: Credentials::new("u", secret).unwrap(), even_in_clear }
    }

    fn command(auth: &Auth, offered: &[&str], in_tls: bool) -> Result<String, Stop> {
        let sign_in = SignIn::choose(auth, &offering(offered), in_tls)?;
        Ok(String::from_utf8(sign_in.unwrap().command()).unwrap())
    }

    #[test]
    fn a_mechanism_is_one_that_is_offered() {
        assert_eq!(
            command(&password("p", false), &["LOGIN", "PLAIN"], true).unwrap(),
            "AUTH PLAIN AHUAcA==\r\n"
        );
        assert_eq!(command(&password("p", false), &["LOGIN", "XOAUTH2"], true).unwrap(), "AUTH LOGIN\r\n");
        assert_eq!(command(&password(&"p".repeat(500), false), &["PLAIN"], true).unwrap(), "AUTH PLAIN\r\n");
        assert_eq!(command(&password("p", false), &[], true), Err(Stop::SignInNotOffered));
        let offered = Stop::NoCommonMechanism { offered: "GSSAPI NTLM".into() };
        assert_eq!(command(&password("p", false), &["GSSAPI", "NTLM"], true), Err(offered));
    }

    #[test]
    fn a_secret_stays_out_of_the_clear() {
        assert_eq!(command(&password("p", false), &["PLAIN"], false), Err(Stop::SecretInClear));
        assert!(command(&password("p", true), &["PLAIN"], false).is_ok());
        let token = Auth::XOAuth2(Credentials::new("u", "t").unwrap());
        assert_eq!(command(&token, &["XOAUTH2"], false), Err(Stop::SecretInClear));
    }
}
