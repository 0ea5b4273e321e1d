//! Signing in at a mail server: which mechanism, and what is said in it.

mod cram_md5;
mod scram;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::capabilities::Capabilities;
use crate::outcome::Stop;
use crate::plan::{Auth, Credentials, Nonce};
use scram::Scram;

/// Longest command line with an initial response; RFC 4954 section 4 allows more, servers don't.
const LINE_MAX: usize = 500;

/// One sign-in: the command that begins it, then an answer to each challenge (RFC 4954 section 4).
#[derive(Default)]
pub(crate) struct SignIn {
    command: Vec<u8>,
    steps: Steps,
}

/// What is said after the command.
enum Steps {
    /// These lines, whatever the challenges are.
    Lines(std::vec::IntoIter<Vec<u8>>),
    /// This line; a challenge after it is an error message.
    XOAuth2(Option<Vec<u8>>),
    CramMd5(Option<Credentials>),
    /// The first message, then what the challenges call for.
    Scram(Option<Vec<u8>>, Box<Scram>),
}

impl Default for Steps {
    fn default() -> Self {
        Self::Lines(Vec::new().into_iter())
    }
}

impl SignIn {
    /// Chooses a mechanism from what the server offers. `None` when nobody is to sign in.
    pub(crate) fn choose(auth: &Auth, offered: &Capabilities, in_tls: bool) -> Result<Option<Self>, Stop> {
        use Mechanism::{CramMd5, Login, Plain, ScramSha256, XOAuth2};
        let (credentials, nonce, mechanisms): (_, _, &[Mechanism]) = match auth {
            Auth::None => return Ok(None),
            Auth::XOAuth2(_) if !in_tls => return Err(Stop::SecretInClear),
            Auth::XOAuth2(credentials) => (credentials, &Nonce::default(), &[XOAuth2]),
            // Servers offer CRAM-MD5 that can't do it, since they keep no readable passwords.
            Auth::Password { credentials, nonce, .. } if in_tls => {
                (credentials, nonce, &[ScramSha256, Plain, Login, CramMd5])
            }
            Auth::Password { credentials, nonce, even_in_clear: true } => {
                (credentials, nonce, &[ScramSha256, CramMd5, Plain, Login])
            }
            Auth::Password { .. } => return Err(Stop::SecretInClear),
        };
        if offered.mechanisms.is_empty() {
            return Err(Stop::SignInNotOffered);
        }
        match mechanisms.iter().find(|mechanism| offered.offers(mechanism.name())) {
            Some(mechanism) => Ok(Some(mechanism.begin(credentials, nonce))),
            None => Err(Stop::NoCommonMechanism { offered: offered.mechanisms.join(" ") }),
        }
    }

    /// `AUTH` and the mechanism.
    pub(crate) fn command(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.command)
    }

    /// Whether everything has been shown, by the server too where it has something to show.
    pub(crate) fn is_complete(&self) -> bool {
        match &self.steps {
            Steps::Lines(lines) => lines.len() == 0,
            Steps::XOAuth2(line) => line.is_none(),
            Steps::CramMd5(credentials) => credentials.is_none(),
            Steps::Scram(_, scram) => scram.is_proven(),
        }
    }

    /// What to answer to `334`.
    pub(crate) fn answer(&mut self, challenge: &str) -> Answer {
        match &mut self.steps {
            Steps::Lines(lines) => lines.next().map_or(Answer::Nothing, Answer::Line),
            Steps::XOAuth2(line) => {
                if let Some(line) = line.take() {
                    return Answer::Line(line);
                }
                // The error message wants an empty line; the refusal comes after it.
                self.steps = Steps::default();
                Answer::Acknowledge(decoded(challenge))
            }
            Steps::CramMd5(credentials) => {
                let answer = credentials.take().and_then(|credentials| {
                    let challenge = STANDARD.decode(challenge.trim()).ok()?;
                    cram_md5::answer(credentials.user(), credentials.secret(), &challenge)
                });
                answer.map_or(Answer::Nothing, |answer| Answer::Line(line(&answer)))
            }
            Steps::Scram(first, scram) => {
                if let Some(first) = first.take() {
                    return Answer::Line(first);
                }
                let message = STANDARD.decode(challenge.trim()).ok();
                let message = message.and_then(|bytes| String::from_utf8(bytes).ok());
                let answer = message.and_then(|message| scram.answer(&message));
                answer.map_or(Answer::Nothing, |answer| Answer::Line(line(&answer)))
            }
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
    /// Nothing is left to say, or the challenge is none that can be answered.
    Nothing,
}

#[derive(Clone, Copy)]
enum Mechanism {
    XOAuth2,
    ScramSha256,
    Plain,
    Login,
    CramMd5,
}

impl Mechanism {
    const fn name(self) -> &'static str {
        match self {
            Self::XOAuth2 => "XOAUTH2",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::CramMd5 => "CRAM-MD5",
        }
    }

    fn begin(self, credentials: &Credentials, nonce: &Nonce) -> SignIn {
        let (user, secret) = (credentials.user(), credentials.secret());
        let mut command = format!("AUTH {}", self.name()).into_bytes();
        let mut steps = match self {
            Self::XOAuth2 => {
                Steps::XOAuth2(Some(line(&format!("user={user}\u{1}auth=Bearer {secret}\u{1}\u{1}"))))
            }
            Self::ScramSha256 => {
                let scram = Scram::new(credentials, nonce);
                Steps::Scram(Some(line(&scram.first())), Box::new(scram))
            }
            Self::Plain => Steps::Lines(vec![line(&format!("\0{user}\0{secret}"))].into_iter()),
            Self::Login => Steps::Lines(vec![line(user), line(secret)].into_iter()),
            Self::CramMd5 => Steps::CramMd5(Some(credentials.clone())),
        };
        // PLAIN without an initial response puzzles some servers; one that is too long puzzles others.
        let initial = match (&mut steps, self) {
            (Steps::Lines(lines), Self::Plain) => {
                let fits = |only: &Vec<u8>| command.len() + 1 + only.len() <= LINE_MAX;
                if lines.as_slice().first().is_some_and(fits) { lines.next() } else { None }
            }
            _ => None,
        };
        match initial {
            Some(initial) => {
                command.push(b' ');
                command.extend(initial);
            }
            None => command.extend_from_slice(b"\r\n"),
        }
        SignIn { command, steps }
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
        Auth::Password { credentials: Credentials::new("u", secret).unwrap(), even_in_clear, nonce: [7; 18] }
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
    fn what_shows_no_password_comes_first_where_somebody_may_listen() {
        let all = ["LOGIN", "PLAIN", "CRAM-MD5", "SCRAM-SHA-256"];
        let first_word = |offered: &[&str], in_tls| {
            let command = command(&password("p", true), offered, in_tls).unwrap();
            command.split_ascii_whitespace().nth(1).unwrap().to_owned()
        };
        assert_eq!(first_word(&all, true), "SCRAM-SHA-256");
        assert_eq!(first_word(&all, false), "SCRAM-SHA-256");
        assert_eq!(first_word(&all[..3], true), "PLAIN");
        assert_eq!(first_word(&all[..3], false), "CRAM-MD5");
        assert_eq!(first_word(&["CRAM-MD5"], true), "CRAM-MD5");
    }

    #[test]
    fn a_secret_stays_out_of_the_clear() {
        assert_eq!(command(&password("p", false), &["PLAIN"], false), Err(Stop::SecretInClear));
        assert!(command(&password("p", true), &["PLAIN"], false).is_ok());
        let token = Auth::XOAuth2(Credentials::new("u", "t").unwrap());
        assert_eq!(command(&token, &["XOAUTH2"], false), Err(Stop::SecretInClear));
    }
}
