use serde::{Deserialize, Serialize};

use crate::phase::Phase;
use crate::reader::ReplyError;
use crate::reply::Reply;

/// What became of one message, or of signing in when there was none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// How far it had come.
    pub phase: Phase,
    /// One verdict for each recipient, in the order of the envelope.
    pub verdicts: Vec<Verdict>,
    /// The error message that came before a refused token, as JSON; servers other than Exchange send it.
    pub challenge: Option<String>,
}

impl Outcome {
    /// Of a message that came to a connection which carries no other.
    #[must_use]
    pub fn connection_gone(recipients: usize) -> Self {
        Self {
            ending: Ending::Stopped(Stop::Closed),
            phase: Phase::MailFrom,
            verdicts: vec![Verdict::NotSent; recipients],
            challenge: None,
        }
    }

    /// Whether the connection was over before the server agreed to anything of this message. If it had carried another one
    /// before, that says nothing about this one, which may go at once over a fresh connection.
    #[must_use]
    pub fn connection_was_gone(&self) -> bool {
        let has_gone = match &self.ending {
            Ending::Stopped(stop) => *stop == Stop::Closed,
            Ending::Refused(reply) => reply.code() == 421,
            _ => false,
        };
        has_gone && matches!(self.phase, Phase::Reset | Phase::MailFrom)
    }

    /// The server's words that decided, if it was words.
    #[must_use]
    pub fn reply(&self) -> Option<&Reply> {
        match &self.ending {
            Ending::SignedIn(reply) => reply.as_ref(),
            Ending::HandedOver { reply, .. } | Ending::Refused(reply) => Some(reply),
            Ending::Stopped(Stop::OutOfTurn(reply)) | Ending::Unknown(Stop::OutOfTurn(reply)) => {
                reply.as_ref()
            }
            Ending::NoRecipient | Ending::Stopped(_) | Ending::Unknown(_) => None,
        }
    }
}

/// How a message ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// There was no message, and the server let us in; with its words, if signing in was asked for.
    SignedIn(Option<Reply>),
    /// The server took it, for at least one recipient.
    HandedOver {
        /// Its words.
        reply: Reply,
        /// Its own number for the message, found in its words.
        queue_id: Option<String>,
    },
    /// The server said no, or not now; [`judge`](crate::judge) tells what that means. It has nothing of the message.
    Refused(Reply),
    /// The server took none of the recipients; each verdict tells why. It has nothing of the message.
    NoRecipient,
    /// It broke off before the end of the message could leave: the server has nothing.
    Stopped(Stop),
    /// It broke off after the end of the message may have left: nobody knows.
    Unknown(Stop),
}

/// What became of a message for one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The server took it.
    Accepted,
    /// The server said no.
    Refused(Reply),
    /// The server said not now.
    TryLater(Reply),
    /// Nothing was decided, and the server has nothing for this recipient.
    NotSent,
    /// Nobody knows.
    Unknown,
}

impl Verdict {
    /// 4 is for later, and everything else that is no yes is a no.
    pub(crate) fn of(reply: Reply) -> Self {
        if reply.first_digit() == 4 { Self::TryLater(reply) } else { Self::Refused(reply) }
    }
}

/// Why a conversation broke off without the server's no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The connection ended or broke.
    #[error("the connection ended before the conversation did")]
    Closed,
    /// A step took longer than [`Session::deadline`](crate::Session::deadline).
    #[error("the server did not answer in time")]
    TimedOut,
    /// TLS could not be had after STARTTLS, or ended before a word was said: a wrong certificate or name.
    ///
    /// Some runtimes tell a refused certificate only as an end of the connection, so that is taken for one here.
    #[error("no TLS with this server: its certificate or name may be wrong")]
    TlsFailed,
    /// The server does not offer STARTTLS.
    #[error("the server does not offer STARTTLS")]
    StartTlsNotOffered,
    /// Bytes in the clear after the server's yes to STARTTLS: somebody on the way injects commands or replies.
    #[error("something was sent in the clear after STARTTLS")]
    BytesBeforeTls,
    /// The server does not let anybody sign in (over this connection).
    #[error("the server offers no way to sign in")]
    SignInNotOffered,
    /// The server offers other ways to sign in.
    #[error("the server offers none of the ways to sign in that we know, only {offered}")]
    NoCommonMechanism {
        /// What it offers.
        offered: String,
    },
    /// A password or token would travel readable for everybody.
    #[error("signing in needs TLS")]
    SecretInClear,
    /// Larger than the server takes (RFC 1870).
    #[error("the message has {size} bytes, the server takes {limit}")]
    TooLarge {
        /// Of the message.
        size: u64,
        /// The server's.
        limit: u64,
    },
    /// Bytes above 127, and no 8BITMIME.
    #[error("the message has 8-bit text, which this server does not take")]
    EightBitNotOffered,
    /// An address or header outside ASCII, and no SMTPUTF8.
    #[error("an address or header has letters outside ASCII, which this server does not take")]
    Utf8NotOffered,
    /// The host said seven bits and brought eight.
    #[error("the message has 8-bit text and was announced without")]
    EightBitUnannounced,
    /// What the server said is no reply.
    #[error(transparent)]
    Gibberish(#[from] ReplyError),
    /// A reply that does not fit the step, or one that nothing was asked for: no later reply can be trusted.
    #[error("the server's answers do not fit the questions")]
    OutOfTurn(Option<Reply>),
    /// The host could not bring the message to its end.
    #[error("the message could not be read to its end")]
    Abandoned,
    /// The host called something that was not wished for: a mistake in the program.
    #[error("the connection was handled out of turn")]
    HostOutOfTurn,
}
