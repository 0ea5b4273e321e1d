use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How far a conversation had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The server's first words (RFC 5321 section 3.1).
    Greeting,
    /// What the server can do (section 3.2), before TLS or after.
    Ehlo,
    /// The way to TLS (RFC 3207), up to the first reply under it.
    #[serde(rename = "starttls")]
    StartTls,
    /// Signing in (RFC 4954).
    Auth,
    /// Leaving an earlier message behind before the next.
    Reset,
    /// The sender.
    MailFrom,
    /// The recipients.
    RcptTo,
    /// Leave to begin the message.
    Data,
    /// The message was on its way, without its end.
    Body,
    /// The end of the message may have left; the server's word decides.
    EndOfData,
    /// Saying goodbye.
    Quit,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 11] = [
        Self::Greeting,
        Self::Ehlo,
        Self::StartTls,
        Self::Auth,
        Self::Reset,
        Self::MailFrom,
        Self::RcptTo,
        Self::Data,
        Self::Body,
        Self::EndOfData,
        Self::Quit,
    ];

    /// Stable word for programs, logs and `replies.csv`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Greeting => "greeting",
            Self::Ehlo => "ehlo",
            Self::StartTls => "starttls",
            Self::Auth => "auth",
            Self::Reset => "reset",
            Self::MailFrom => "mail_from",
            Self::RcptTo => "rcpt_to",
            Self::Data => "data",
            Self::Body => "body",
            Self::EndOfData => "end_of_data",
            Self::Quit => "quit",
        }
    }

    /// How long a step may take: RFC 5321 section 4.5.3.2, capped so that a whole conversation with a silent server ends
    /// within the three minutes after which a hand-over counts as lost.
    ///
    /// The end of the message keeps the longest (10 minutes there), because giving up early makes an unknown outcome.
    pub(crate) const fn patience(self) -> Duration {
        Duration::from_secs(match self {
            Self::EndOfData => 120,
            Self::Quit => 2,
            _ => 30,
        })
    }
}
