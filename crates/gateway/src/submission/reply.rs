use api::{Code, Reason, Upstream};
use microsoft::{Decision, Refusal, Verdict};
use smtp::{Class, Phase, Reply, Switch, judge};

use super::Submitted;
use crate::outbox::Stage;

/// A server's words, for support.
pub(super) fn upstream(reply: &Reply) -> Upstream {
    Upstream {
        status: reply.code(),
        code: reply.enhanced().map(|enhanced| enhanced.to_string()),
        message: Some(reply.text()).filter(|text| !text.is_empty()),
        request_id: None,
    }
}

/// What a reply means for the message and for whoever sends it.
pub(super) fn refusal(reply: &Reply, phase: Phase) -> Refusal {
    let judgement = judge(reply, phase);
    let code = match judgement.class {
        Class::Fine | Class::TryLater => Code::MicrosoftUnavailable,
        Class::TryMuchLater | Class::MailboxFull => Code::QuotaReached,
        Class::ConcurrencyLimit => Code::Throttled,
        Class::SignInAgain => Code::SignInAgain,
        Class::Administrator(Switch::SendAs) => Code::SendAsDenied,
        Class::Administrator(Switch::BlockedSender | Switch::BlockedTenant) => Code::SendingBlocked,
        Class::Administrator(_) => Code::AdministratorNeeded,
        // The next attempt is for the others alone, who are fewer by those whom this one reached.
        Class::FewerRecipients if phase == Phase::RcptTo => Code::MicrosoftUnavailable,
        Class::FewerRecipients | Class::RecipientRefused => Code::RecipientRefused,
        Class::MessageRefused => Code::MessageRefused,
        Class::OurBug => Code::RequestRejected,
    };
    let reason = match judgement.class {
        Class::Administrator(Switch::SmtpAuthOfMailbox) => Some(Reason::SmtpAuthOffMailbox),
        Class::Administrator(Switch::SmtpAuthOfTenant) => Some(Reason::SmtpAuthOffOrganisation),
        Class::Administrator(Switch::ConditionalAccess) => Some(Reason::AccessPolicy),
        _ => None,
    };
    Refusal {
        upstream: Some(upstream(reply)),
        verdict: reason.map(|reason| Verdict {
            decision: Decision::AskAdministrator,
            reason: Some(reason),
            claims: None,
        }),
        retry_after_ms: judgement.wait.and_then(|wait| i64::try_from(wait.as_millis()).ok()),
        ..Refusal::new(code, format!("{} The server said: {reply}", judgement.words))
    }
}

/// The same as the outcome of the whole submission.
pub(super) fn by_reply(reply: &Reply, phase: Phase) -> Submitted {
    let refusal = refusal(reply, phase);
    match (judge(reply, phase).class, phase) {
        (Class::SignInAgain, Phase::Auth) => Submitted::TokenRefused(refusal),
        // Nothing of the message has left, and no message can be at fault.
        (_, Phase::Greeting | Phase::Ehlo | Phase::StartTls | Phase::Auth) => {
            Submitted::Refused(refusal, Stage::Token)
        }
        _ => Submitted::Refused(refusal, Stage::HandOver),
    }
}
