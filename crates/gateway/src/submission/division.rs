use api::Upstream;
use smtp::{Class, Phase, Reply, judge};

use super::Submitted;
use super::reply::{by_reply, refusal, upstream};
use crate::outbox::Said;

/// No recipient was taken. What is about the mailbox and no recipient's fault decides for the whole message, and nobody is
/// given up for it.
pub(super) fn nobody(verdicts: &[smtp::Verdict]) -> Submitted {
    let class = |reply: &Reply| judge(reply, Phase::RcptTo).class;
    let of_the_mailbox = replies(verdicts).find(|reply| {
        !matches!(class(reply), Class::TryLater | Class::FewerRecipients | Class::RecipientRefused)
    });
    match of_the_mailbox.or_else(|| replies(verdicts).next().filter(|_| verdicts.len() == 1)) {
        Some(reply) => by_reply(reply, Phase::RcptTo),
        None => divided(verdicts, None),
    }
}

/// The server did not say the same of every recipient.
pub(super) fn divided(verdicts: &[smtp::Verdict], taken: Option<Upstream>) -> Submitted {
    let said = verdicts.iter().map(|verdict| match verdict {
        smtp::Verdict::Refused(reply) | smtp::Verdict::TryLater(reply) if comes_later(reply) => {
            Said::Later(upstream(reply))
        }
        smtp::Verdict::Refused(reply) | smtp::Verdict::TryLater(reply) => Said::Refused(upstream(reply)),
        smtp::Verdict::Accepted | smtp::Verdict::NotSent | smtp::Verdict::Unknown => Said::Taken,
    });
    let first = replies(verdicts).find(|reply| comes_later(reply));
    let later = first.map(|reply| refusal(reply, Phase::RcptTo));
    Submitted::Divided { upstream: taken, said: said.collect(), later }
}

fn replies(verdicts: &[smtp::Verdict]) -> impl Iterator<Item = &Reply> {
    verdicts.iter().filter_map(|verdict| match verdict {
        smtp::Verdict::Refused(reply) | smtp::Verdict::TryLater(reply) => Some(reply),
        smtp::Verdict::Accepted | smtp::Verdict::NotSent | smtp::Verdict::Unknown => None,
    })
}

/// Whether a recipient who was told this may be taken at another time. A 5xx can say that, too: *too many recipients*.
fn comes_later(reply: &Reply) -> bool {
    reply.first_digit() == 4 || refusal(reply, Phase::RcptTo).code.retryable()
}
