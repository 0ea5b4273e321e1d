use api::{Code, Kind, Timestamp};
use microsoft::Refusal;

/// Messages of one mailbox handed over at the same time, by whatever kind.
pub const CONCURRENCY_MAX: usize = 4;

/// Messages of one mailbox handed over at the same time: four requests are what Graph allows per app and mailbox
/// (throttling-limits), three connections what Exchange allows (SMTP client submission: `432 4.3.2` above that).
#[must_use]
pub const fn concurrency_max(kind: Kind) -> usize {
    match kind {
        Kind::GraphOAuth2 => CONCURRENCY_MAX,
        Kind::SmtpOAuth2 | Kind::SmtpBasic => 3,
    }
}

/// A message is tried this often before it is refused: with the waits below, for about two days.
pub const RETRIES_MAX: u32 = 40;

/// First wait after a failure that passes, in milliseconds.
const WAIT_FIRST_MS: i64 = 5_000;
/// Longest wait between two attempts, in milliseconds.
const WAIT_MAX_MS: i64 = 3_600_000;

/// What becomes of a message after an attempt that was not a hand-over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again then.
    Retry(Timestamp),
    /// Wait until a person has signed in or mended something; then go out by itself.
    Hold,
    /// Nobody knows whether it was taken; never sent again by itself.
    Unknown,
    /// It will not be sent.
    Refuse,
}

/// How far an attempt had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No token could be had; nothing of the message has left.
    Token,
    /// The message was on its way.
    HandOver,
}

/// Whether a refusal is about the mailbox and not about one message, so that the next message would be refused, too: an
/// administrator must change something first. `shared` says that the mailbox sends by somebody else's right.
#[must_use]
pub fn concerns_the_mailbox(code: Code, stage: Stage, shared: bool) -> bool {
    match code {
        // Whether Entra or the mail server did not let us in: no message had been named yet.
        Code::AdministratorNeeded | Code::AccessCodeRefused | Code::ServerRefused | Code::RelayRefused => {
            stage == Stage::Token
        }
        _ if stage == Stage::Token => false,
        // Else it is one alias of many that may not be used.
        Code::SendAsDenied => shared,
        Code::MailboxUnavailable | Code::SendingBlocked | Code::PermissionMissing => true,
        _ => false,
    }
}

/// Decides after the `attempts`-th attempt failed; `jitter` is any random number.
#[must_use]
pub fn after_refusal(
    refusal: &Refusal,
    stage: Stage,
    shared: bool,
    attempts: u32,
    now: Timestamp,
    jitter: u32,
) -> Next {
    match refusal.code {
        Code::OutcomeUnknown => Next::Unknown,
        code if concerns_the_mailbox(code, stage, shared) => Next::Hold,
        // Without a token no message can be at fault.
        code if stage == Stage::Token && !code.retryable() => Next::Hold,
        // What these need is not in the message: it waits, and nothing is lost.
        Code::SignInAgain
        | Code::NotAuthenticated
        | Code::RegistrationBroken
        | Code::RequestRejected
        | Code::NotConfigured => Next::Hold,
        code if code.retryable() && attempts < RETRIES_MAX => {
            let wait_ms = backoff_ms(attempts, jitter).max(refusal.retry_after_ms.unwrap_or_default());
            Next::Retry(now.plus_millis(wait_ms))
        }
        _ => Next::Refuse,
    }
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

    fn next(code: Code, attempts: u32) -> Next {
        after_refusal(&Refusal::new(code, ""), Stage::HandOver, false, attempts, NOW, 0)
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
                | Code::NotConfigured => Next::Hold,
                _ => Next::Refuse,
            };
            assert_eq!(next(*code, RETRIES_MAX), expected, "{code:?}");
        }
    }

    #[test]
    fn what_passes_is_tried_again_later_and_later() {
        assert_eq!(next(Code::MicrosoftUnavailable, 1), Next::Retry(NOW.plus_millis(5_000)));
        assert_eq!(next(Code::MicrosoftUnavailable, 3), Next::Retry(NOW.plus_millis(20_000)));
        assert_eq!(
            next(Code::MicrosoftUnavailable, RETRIES_MAX - 1),
            Next::Retry(NOW.plus_millis(WAIT_MAX_MS))
        );
        assert_eq!(next(Code::MicrosoftUnavailable, RETRIES_MAX), Next::Refuse);
    }

    #[test]
    fn a_message_is_not_blamed_for_a_missing_token() {
        let blocked = Refusal::new(Code::AdministratorNeeded, "");
        assert_eq!(after_refusal(&blocked, Stage::Token, false, 1, NOW, 0), Next::Hold);
        assert_eq!(after_refusal(&blocked, Stage::HandOver, false, 1, NOW, 0), Next::Refuse);
    }

    #[test]
    fn who_was_not_let_in_is_told_on_the_page() {
        assert!(concerns_the_mailbox(Code::AdministratorNeeded, Stage::Token, false));
        assert!(!concerns_the_mailbox(Code::AdministratorNeeded, Stage::HandOver, false));
        assert!(
            !concerns_the_mailbox(Code::SignInAgain, Stage::Token, false),
            "the renewal tells that itself"
        );
        assert!(concerns_the_mailbox(Code::SendingBlocked, Stage::HandOver, false));
    }

    #[test]
    fn a_shared_mailbox_without_its_right_holds_and_a_single_alias_is_refused() {
        let denied = Refusal::new(Code::SendAsDenied, "");
        let after = |shared| after_refusal(&denied, Stage::HandOver, shared, 1, NOW, 0);
        assert_eq!((after(true), after(false)), (Next::Hold, Next::Refuse));
    }

    #[test]
    fn microsofts_patience_is_obeyed() {
        let refusal = Refusal { retry_after_ms: Some(90_000), ..Refusal::new(Code::Throttled, "") };
        assert_eq!(
            after_refusal(&refusal, Stage::HandOver, false, 1, NOW, 0),
            Next::Retry(NOW.plus_millis(90_000))
        );
    }

    proptest! {
        #[test]
        fn a_wait_is_never_negative_and_never_above_the_bound(attempts: u32, jitter: u32) {
            let wait = backoff_ms(attempts, jitter);
            prop_assert!((WAIT_FIRST_MS..=WAIT_MAX_MS + WAIT_MAX_MS / 4).contains(&wait));
        }
    }
}
