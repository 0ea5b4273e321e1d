use api::{Code, Kind, Timestamp};
use microsoft::Refusal;

use super::failure_table::{Scope, Step, failure};

/// Attempts of one mailbox at the same time, by whatever kind.
pub const CONCURRENCY_MAX: usize = 3;

/// Attempts of one mailbox at the same time.
///
/// By Graph one: the whole request is *possibly sent* from its first byte, so an outage would cost as many doubtful
/// messages as there are requests (ADR 20). By SMTP three, which is what Exchange allows (SMTP client submission:
/// `432 4.3.2` above that); there only the moment after `CRLF.CRLF` is in doubt.
#[must_use]
pub const fn concurrency_max(kind: Kind) -> usize {
    match kind {
        Kind::GraphOAuth2 => 1,
        Kind::SmtpOAuth2 | Kind::SmtpBasic => CONCURRENCY_MAX,
    }
}

/// A message is tried for this long before it expires, in milliseconds: four days ("generally needs to be at least 4-5 days",
/// RFC 5321 section 4.5.4.1), so that a trouble of Friday evening has Monday to be mended.
pub const RETRY_FOR_MS: i64 = 4 * 24 * 3_600_000;

/// A message waits for a person for this long before it expires, in milliseconds: a month, in which somebody comes back from
/// holidays.
const HELD_FOR_MS: i64 = 30 * 24 * 3_600_000;

/// A message that may have been taken is not repeated before this, in milliseconds, where repeating was chosen: whatever was
/// still under way has arrived by then.
pub(super) const REPEAT_UNKNOWN_MS: i64 = 5 * 60_000;

/// First wait after a failure that passes, in milliseconds.
const WAIT_FIRST_MS: i64 = 5_000;
/// Longest wait between two attempts, in milliseconds.
const WAIT_MAX_MS: i64 = 3_600_000;

/// What follows an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: the message has ended.
    Done,
    /// Try again then.
    Retry(Timestamp),
    /// Wait until a person has signed in or mended something; then the message is released.
    Hold,
    /// It may or may not have been taken: not sent again automatically.
    Unknown,
    /// It will not be sent.
    Refuse,
    /// It was tried for as long as mail is.
    Expire,
}

/// How far an attempt had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No token could be had; nothing of the message has left.
    Token,
    /// The message was on its way.
    HandOver,
}

/// What is known about a message when an attempt has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AfterAttempt {
    /// How far the attempt had come.
    pub stage: Stage,
    /// Whether the mailbox sends by somebody else's right.
    pub shared: bool,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// Since when it could go: when it was accepted, the time it was scheduled for, or when it was let go again by a person.
    pub since: Timestamp,
    /// Whether the organisation would rather have a mail twice than not at all.
    pub repeat_unknown: bool,
    /// Now.
    pub now: Timestamp,
    /// Any random number.
    pub jitter: u32,
}

/// Whether a refusal is about the mailbox and not about one message, so that the next message would be refused, too: an
/// administrator must change something first. `shared` says that the mailbox sends by somebody else's right.
#[must_use]
pub fn concerns_the_mailbox(code: Code, stage: Stage, shared: bool) -> bool {
    let row = failure(code, stage);
    match row.scope {
        Scope::Message => false,
        Scope::Mailbox => row.step == Step::Hold,
        Scope::SharedMailbox => shared,
    }
}

/// Whether what passes holds the whole mailbox up until then: no other message is tried meanwhile.
#[must_use]
pub fn pauses_the_mailbox(code: Code, stage: Stage) -> bool {
    let row = failure(code, stage);
    row.scope == Scope::Mailbox && row.step == Step::Retry
}

/// Decides what becomes of a message after a failed attempt, by `failures.csv` and the time that has passed.
#[must_use]
pub fn after_refusal(refusal: &Refusal, attempt: AfterAttempt) -> Next {
    let wait_at_least_ms = match failure(refusal.code, attempt.stage).step {
        _ if concerns_the_mailbox(refusal.code, attempt.stage, attempt.shared) => return Next::Hold,
        Step::Hold => return Next::Hold,
        Step::Refuse => return Next::Refuse,
        Step::Unknown if !attempt.repeat_unknown => return Next::Unknown,
        Step::Unknown => REPEAT_UNKNOWN_MS,
        Step::Retry => 0,
    };
    let wait_ms = backoff_ms(attempt.attempts, attempt.jitter)
        .max(refusal.retry_after_ms.unwrap_or_default())
        .max(wait_at_least_ms);
    let at = attempt.now.plus_millis(wait_ms);
    if at.since(attempt.since) > RETRY_FOR_MS { Next::Expire } else { Next::Retry(at) }
}

/// Until when a held message waits for a person before it expires; `since` as in [`AfterAttempt`].
#[must_use]
pub fn held_until(since: Timestamp) -> Timestamp {
    since.plus_millis(HELD_FOR_MS)
}

/// 5 s, 10 s, 20 s … at most an hour, each with up to a quarter more, so that messages don't come back in step.
fn backoff_ms(attempts: u32, jitter: u32) -> i64 {
    let doublings = attempts.saturating_sub(1).min(20);
    let wait_ms = WAIT_FIRST_MS.saturating_mul(1 << doublings).min(WAIT_MAX_MS);
    wait_ms + i64::from(jitter) % (wait_ms / 4)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_459_200_000);

    const FIRST: AfterAttempt = AfterAttempt {
        stage: Stage::HandOver,
        shared: false,
        attempts: 1,
        since: NOW,
        repeat_unknown: false,
        now: NOW,
        jitter: 0,
    };
    /// When trying once more would come too late.
    const AT_THE_END: AfterAttempt =
        AfterAttempt { attempts: 99, now: NOW.plus_millis(RETRY_FOR_MS - WAIT_MAX_MS + 1), ..FIRST };

    fn next(code: Code, attempt: AfterAttempt) -> Next {
        after_refusal(&Refusal::new(code, ""), attempt)
    }

    #[test]
    fn every_code_has_an_end() {
        for code in Code::ALL {
            let expected = match code {
                Code::OutcomeUnknown => Next::Unknown,
                Code::SignInAgain
                | Code::NotAuthenticated
                | Code::RegistrationBroken
                | Code::RequestRejected
                | Code::MailboxUnavailable
                | Code::SendingBlocked
                | Code::PermissionMissing
                | Code::AttemptsLost
                | Code::NotConfigured => Next::Hold,
                code if code.retryable() => Next::Expire,
                _ => Next::Refuse,
            };
            assert_eq!(next(*code, AT_THE_END), expected, "{code:?}");
        }
    }

    #[test]
    fn what_passes_is_tried_again_later_and_later() {
        let after = |attempts| next(Code::MicrosoftUnavailable, AfterAttempt { attempts, ..FIRST });
        assert_eq!(after(1), Next::Retry(NOW.plus_millis(5_000)));
        assert_eq!(after(3), Next::Retry(NOW.plus_millis(20_000)));
        assert_eq!(after(u32::MAX), Next::Retry(NOW.plus_millis(WAIT_MAX_MS)));
    }

    #[test]
    fn it_is_given_up_by_time_and_not_by_count() {
        let just_in_time = AfterAttempt { now: AT_THE_END.now.plus_millis(-1), ..AT_THE_END };
        assert_eq!(
            next(Code::MicrosoftUnavailable, just_in_time),
            Next::Retry(NOW.plus_millis(RETRY_FOR_MS)),
            "an hour from then is the last moment"
        );
        assert_eq!(next(Code::MicrosoftUnavailable, AT_THE_END), Next::Expire);
        let let_go_again = AfterAttempt { since: AT_THE_END.now, ..AT_THE_END };
        assert!(matches!(next(Code::MicrosoftUnavailable, let_go_again), Next::Retry(_)));
        assert!(held_until(NOW).since(NOW) > RETRY_FOR_MS);
    }

    #[test]
    fn what_may_have_been_taken_is_repeated_only_where_that_was_chosen_and_not_at_once() {
        let chosen = AfterAttempt { repeat_unknown: true, ..FIRST };
        assert_eq!(next(Code::OutcomeUnknown, FIRST), Next::Unknown);
        assert_eq!(next(Code::OutcomeUnknown, chosen), Next::Retry(NOW.plus_millis(REPEAT_UNKNOWN_MS)));
        let late = AfterAttempt { repeat_unknown: true, ..AT_THE_END };
        assert_eq!(next(Code::OutcomeUnknown, late), Next::Expire);
    }

    #[test]
    fn a_message_is_not_blamed_for_a_missing_token() {
        let without_token = AfterAttempt { stage: Stage::Token, ..FIRST };
        assert_eq!(next(Code::AdministratorNeeded, without_token), Next::Hold);
        assert_eq!(next(Code::AdministratorNeeded, FIRST), Next::Refuse);
        for code in Code::ALL {
            assert_ne!(next(*code, without_token), Next::Refuse, "{code:?}");
        }
    }

    #[test]
    fn who_was_not_let_in_is_told_on_the_page() {
        for code in
            [Code::AdministratorNeeded, Code::AccessCodeRefused, Code::ServerRefused, Code::RelayRefused]
        {
            assert!(concerns_the_mailbox(code, Stage::Token, false), "{code:?}");
            assert!(!concerns_the_mailbox(code, Stage::HandOver, false), "{code:?}");
        }
        assert!(
            !concerns_the_mailbox(Code::SignInAgain, Stage::Token, false),
            "the renewal tells that itself"
        );
        for code in [Code::MailboxUnavailable, Code::SendingBlocked, Code::PermissionMissing] {
            assert!(concerns_the_mailbox(code, Stage::HandOver, false), "{code:?}");
            assert!(!concerns_the_mailbox(code, Stage::Token, false), "{code:?}");
        }
    }

    #[test]
    fn a_limit_of_the_mailbox_is_no_fault_of_it_and_pauses_it_as_a_whole() {
        for code in [Code::Throttled, Code::QuotaReached, Code::StorageQuota] {
            assert!(pauses_the_mailbox(code, Stage::HandOver), "{code:?}");
            assert!(!concerns_the_mailbox(code, Stage::HandOver, true), "{code:?}");
        }
        assert!(!pauses_the_mailbox(Code::MicrosoftUnavailable, Stage::HandOver));
        assert!(!pauses_the_mailbox(Code::SendingBlocked, Stage::HandOver));
    }

    #[test]
    fn a_shared_mailbox_without_its_right_holds_and_a_single_alias_is_refused() {
        let after = |shared| next(Code::SendAsDenied, AfterAttempt { shared, ..FIRST });
        assert_eq!((after(true), after(false)), (Next::Hold, Next::Refuse));
    }

    #[test]
    fn microsofts_patience_is_obeyed() {
        let refusal = Refusal { retry_after_ms: Some(90_000), ..Refusal::new(Code::Throttled, "") };
        assert_eq!(after_refusal(&refusal, FIRST), Next::Retry(NOW.plus_millis(90_000)));
    }

    proptest! {
        #[test]
        fn a_wait_is_never_negative_and_never_above_the_bound(attempts: u32, jitter: u32) {
            let wait = backoff_ms(attempts, jitter);
            prop_assert!((WAIT_FIRST_MS..=WAIT_MAX_MS + WAIT_MAX_MS / 4).contains(&wait));
        }
    }
}
