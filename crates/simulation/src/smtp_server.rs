//! A mail server. Its conduct is told as the outcomes of crate `smtp`, and read by the real reader of crate `gateway`.

use smtp::{Ending, Outcome, Phase, Reply, Stop, Verdict};

use crate::plan::SECOND;
use crate::random::Random;

/// What a mail server is like for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpMood {
    /// It takes what it gets.
    Fine,
    /// It takes what it gets, and needs minutes.
    Crawls,
    /// Anything, one message after another.
    Mixed,
    /// It says something different of each recipient.
    Divides,
    /// It refuses every recipient.
    RefusesRecipients,
    /// It does not answer.
    Outage,
    /// `421` to everybody.
    Closes,
    /// It wants another password or token.
    RefusesPassword,
    /// It does not let the mailbox send with this sender.
    RefusesSender,
    /// It has had enough for today.
    Quota,
    /// `450` or `451`, to the message.
    Later,
    /// It does not like the message.
    RefusesMessage,
    /// The connection breaks before the message's end could leave.
    CutsBefore,
    /// The connection breaks after that; it has taken some.
    CutsAfter,
    /// It no longer offers STARTTLS.
    NoTls,
}

impl SmtpMood {
    /// What may last until somebody does something.
    pub(crate) const LASTING: [Self; 4] =
        [Self::RefusesPassword, Self::RefusesSender, Self::Outage, Self::NoTls];

    pub(crate) fn any(random: &mut Random) -> Self {
        random.weighted(&[
            (1, Self::Crawls),
            (6, Self::Mixed),
            (3, Self::Divides),
            (2, Self::RefusesRecipients),
            (3, Self::Outage),
            (2, Self::Closes),
            (3, Self::RefusesPassword),
            (2, Self::RefusesSender),
            (2, Self::Quota),
            (2, Self::Later),
            (1, Self::RefusesMessage),
            (1, Self::CutsBefore),
            (3, Self::CutsAfter),
            (1, Self::NoTls),
        ])
    }
}

/// What a mail server does with one message.
#[derive(Clone, Debug)]
pub(crate) struct Conduct {
    /// What the host's conversation comes to.
    pub(crate) outcome: Outcome,
    /// Whether the end of the message is written, so that the attempt is *possibly sent*.
    pub(crate) reaches_end: bool,
    /// Whether the server takes the message, for each recipient.
    pub(crate) takes: Vec<bool>,
    /// How long the conversation takes.
    pub(crate) after_ms: i64,
}

/// What the server does with a message to so many.
pub(crate) fn converse(mood: SmtpMood, recipients: usize, random: &mut Random) -> Conduct {
    let quick = random.between(100, 3 * SECOND);
    let ends = |ending, phase, verdicts: Vec<Verdict>, reaches_end, takes| Conduct {
        outcome: Outcome { ending, phase, verdicts, challenge: None },
        reaches_end,
        takes,
        after_ms: quick,
    };
    let (nobody, nothing) = (vec![false; recipients], vec![Verdict::NotSent; recipients]);
    let refuses =
        |phase, said: &str| ends(Ending::Refused(reply(said)), phase, nothing.clone(), false, nobody.clone());
    match mood {
        SmtpMood::Fine => taken(recipients, quick),
        SmtpMood::Crawls => taken(recipients, random.between(30 * SECOND, 280 * SECOND)),
        SmtpMood::Mixed => {
            let mood = random.weighted(&[
                (12, SmtpMood::Fine),
                (1, SmtpMood::Crawls),
                (4, SmtpMood::Divides),
                (1, SmtpMood::RefusesRecipients),
                (1, SmtpMood::Closes),
                (1, SmtpMood::Later),
                (1, SmtpMood::RefusesMessage),
                (1, SmtpMood::CutsBefore),
                (1, SmtpMood::CutsAfter),
            ]);
            converse(mood, recipients, random)
        }
        SmtpMood::Divides => divides(recipients, quick, random),
        SmtpMood::RefusesRecipients => {
            let verdicts = vec![Verdict::Refused(reply("550 5.1.1 no such user")); recipients];
            ends(Ending::NoRecipient, Phase::RcptTo, verdicts, false, nobody)
        }
        SmtpMood::Outage => {
            let stop = if random.percent(50) { Stop::TimedOut } else { Stop::Closed };
            ends(Ending::Stopped(stop), Phase::Greeting, nothing, false, nobody)
        }
        SmtpMood::Closes => {
            let phase = random.pick(&[Phase::Greeting, Phase::MailFrom, Phase::Data]);
            refuses(phase, "421 4.3.2 service shutting down")
        }
        SmtpMood::RefusesPassword => refuses(Phase::Auth, "535 5.7.8 authentication failed"),
        SmtpMood::RefusesSender => {
            refuses(Phase::MailFrom, "550 5.7.60 client does not have permissions to send as this sender")
        }
        SmtpMood::Quota => refuses(Phase::RcptTo, "452 4.5.3 too many messages today, 5.4.5 daily quota"),
        SmtpMood::Later => refuses(random.pick(&[Phase::MailFrom, Phase::Data]), "451 4.7.1 greylisted"),
        SmtpMood::RefusesMessage => {
            ends(Ending::Refused(reply("554 5.6.0 not wanted")), Phase::EndOfData, nothing, true, nobody)
        }
        SmtpMood::CutsBefore => ends(Ending::Stopped(Stop::Closed), Phase::Body, nothing, false, nobody),
        SmtpMood::CutsAfter => {
            let takes = vec![random.percent(50); recipients];
            let unknown = vec![Verdict::Unknown; recipients];
            ends(Ending::Unknown(Stop::TimedOut), Phase::EndOfData, unknown, true, takes)
        }
        SmtpMood::NoTls => {
            ends(Ending::Stopped(Stop::StartTlsNotOffered), Phase::Ehlo, nothing, false, nobody)
        }
    }
}

fn taken(recipients: usize, after_ms: i64) -> Conduct {
    let ending = Ending::HandedOver { reply: reply("250 2.0.0 queued"), queue_id: None };
    let verdicts = vec![Verdict::Accepted; recipients];
    Conduct {
        outcome: Outcome { ending, phase: Phase::EndOfData, verdicts, challenge: None },
        reaches_end: true,
        takes: vec![true; recipients],
        after_ms,
    }
}

/// Some recipients are taken, some are not and some later; the end of the message may be refused all the same.
fn divides(recipients: usize, after_ms: i64, random: &mut Random) -> Conduct {
    let verdicts: Vec<Verdict> = (0..recipients)
        .map(|_| match random.below(3) {
            0 => Verdict::Accepted,
            1 => Verdict::Refused(reply("550 5.1.1 no such user")),
            _ => Verdict::TryLater(reply("450 4.2.1 mailbox busy")),
        })
        .collect();
    let accepted: Vec<bool> = verdicts.iter().map(|verdict| *verdict == Verdict::Accepted).collect();
    let outcome = |ending, phase, verdicts| Outcome { ending, phase, verdicts, challenge: None };
    let nobody = vec![false; recipients];
    if !accepted.contains(&true) {
        let outcome = outcome(Ending::NoRecipient, Phase::RcptTo, verdicts);
        return Conduct { outcome, reaches_end: false, takes: nobody, after_ms };
    }
    match random.below(6) {
        0 => {
            let outcome = outcome(Ending::Refused(reply("451 4.3.0 try again")), Phase::EndOfData, verdicts);
            Conduct { outcome, reaches_end: true, takes: nobody, after_ms }
        }
        1 => {
            let unknown = verdicts.into_iter().map(|verdict| match verdict {
                Verdict::Accepted => Verdict::Unknown,
                refused => refused,
            });
            let outcome = outcome(Ending::Unknown(Stop::Closed), Phase::EndOfData, unknown.collect());
            let takes = if random.percent(50) { accepted } else { nobody };
            Conduct { outcome, reaches_end: true, takes, after_ms }
        }
        _ => {
            let ending = Ending::HandedOver { reply: reply("250 2.0.0 queued"), queue_id: None };
            let outcome = outcome(ending, Phase::EndOfData, verdicts);
            Conduct { outcome, reaches_end: true, takes: accepted, after_ms }
        }
    }
}

fn reply(text: &str) -> Reply {
    text.parse().expect("a reply of ours is one")
}
