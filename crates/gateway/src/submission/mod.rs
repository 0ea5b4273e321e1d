//! What an SMTP conversation came to, and whose turn it is.

mod division;
mod reply;
#[cfg(test)]
mod tests;

use api::{Code, Upstream};
use division::{divided, nobody};
use microsoft::Refusal;
use reply::{by_reply, upstream};
use smtp::{Ending, Outcome, Stop};

use crate::outbox::{Said, Stage};

/// What an SMTP conversation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// The server took the message for everybody; its words and its own number for the message.
    HandedOver(Upstream),
    /// The server did not say the same of every recipient.
    Divided {
        /// Its words on taking the message, when it took anybody.
        upstream: Option<Upstream>,
        /// What it said of each recipient, in the order of the envelope.
        said: Vec<Said>,
        /// When it takes some of them later only: why.
        later: Option<Refusal>,
    },
    /// The server did not take the access token; a fresh one may do.
    TokenRefused(Refusal),
    /// Anything else.
    Refused(Refusal, Stage),
}

/// Whose mail server it is, which decides who can mend what it refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerOwner {
    /// Microsoft 365, with an access token.
    Microsoft,
    /// Somebody's own, with user name and access code or without.
    Own,
}

/// Understands the outcome of a submission.
#[must_use]
pub fn understand(outcome: &Outcome, owner: ServerOwner) -> Submitted {
    let submitted = by_ending(outcome);
    match owner {
        ServerOwner::Microsoft => submitted,
        ServerOwner::Own => as_own(submitted, outcome),
    }
}

/// The same outcome where nobody signs in at Microsoft, and the settings are somebody's own.
fn as_own(submitted: Submitted, outcome: &Outcome) -> Submitted {
    let of_own = |refusal: Refusal| {
        let code = match refusal.code {
            Code::MicrosoftUnavailable => Code::ServerUnavailable,
            Code::SignInAgain => Code::AccessCodeRefused,
            // Microsoft's own switches are told as such, whoever typed the name of its server.
            Code::AdministratorNeeded if refusal.verdict.is_none() => Code::ServerRefused,
            code => code,
        };
        Refusal { code, ..refusal }
    };
    match submitted {
        Submitted::TokenRefused(refusal) => Submitted::Refused(of_own(refusal), Stage::Token),
        Submitted::Refused(refusal, _) if wants_other_settings(&outcome.ending) => {
            Submitted::Refused(Refusal { code: Code::ServerRefused, ..refusal }, Stage::Token)
        }
        Submitted::Refused(refusal, stage) => {
            let refusal = of_own(refusal);
            let of_settings = matches!(refusal.code, Code::AccessCodeRefused | Code::ServerRefused);
            Submitted::Refused(refusal, if of_settings { Stage::Token } else { stage })
        }
        Submitted::Divided { upstream, said, later } => {
            Submitted::Divided { upstream, said, later: later.map(of_own) }
        }
        taken @ Submitted::HandedOver(_) => taken,
    }
}

/// Whether the conversation would break off at the same place until a person changes the settings, or the server.
///
/// TLS that fails is not among them: a cut at the wrong moment looks like a wrong certificate, and must not stop all mail.
fn wants_other_settings(ending: &Ending) -> bool {
    matches!(
        ending,
        Ending::Stopped(
            Stop::StartTlsNotOffered
                | Stop::SignInNotOffered
                | Stop::NoCommonMechanism { .. }
                | Stop::SecretInClear
        )
    )
}

fn by_ending(outcome: &Outcome) -> Submitted {
    let refused = |code, detail: String| Submitted::Refused(Refusal::new(code, detail), Stage::HandOver);
    match &outcome.ending {
        Ending::HandedOver { reply, queue_id } => {
            let mut upstream = upstream(reply);
            upstream.request_id.clone_from(queue_id);
            if outcome.verdicts.iter().all(|verdict| *verdict == smtp::Verdict::Accepted) {
                return Submitted::HandedOver(upstream);
            }
            divided(&outcome.verdicts, Some(upstream))
        }
        Ending::SignedIn(_) => refused(Code::Internal, "there was no message to hand over".to_owned()),
        Ending::Refused(reply) => by_reply(reply, outcome.phase),
        Ending::NoRecipient => nobody(&outcome.verdicts),
        Ending::Stopped(stop) => {
            let code = match stop {
                // It would be the same every time.
                Stop::TooLarge { .. } => Code::MessageTooLarge,
                Stop::EightBitNotOffered | Stop::EightBitUnannounced | Stop::Utf8NotOffered => {
                    Code::MessageRefused
                }
                _ => Code::MicrosoftUnavailable,
            };
            refused(code, format!("SMTP: {stop}"))
        }
        Ending::Unknown(stop) => refused(Code::OutcomeUnknown, format!("SMTP: {stop}")),
    }
}
