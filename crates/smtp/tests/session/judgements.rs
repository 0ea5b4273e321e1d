//! What Microsoft's own sentences mean, as they were seen; written from the fact sheet and not from `replies.csv`.

use smtp::{Class, Phase, Switch, judge};

fn reply(line: &str) -> smtp::Reply {
    line.parse().unwrap()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn microsofts_sentences_lead_to_whoever_can_mend_it() {
    use Class::{
        Administrator, ConcurrencyLimit, FewerRecipients, MailboxFull, MessageRefused, OurBug,
        RecipientRefused, SignInAgain, TryLater, TryMuchLater,
    };
    use Phase::{Auth, EndOfData, MailFrom, RcptTo};
    for (line, phase, class) in [
        ("421 4.3.2 Service not active", MailFrom, TryLater),
        (
            "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information. [Hostname=X]",
            EndOfData,
            ConcurrencyLimit,
        ),
        ("432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", EndOfData, ConcurrencyLimit),
        ("451 4.7.0 Temporary server error. Please try again later. PRX4", Auth, TryLater),
        ("451 4.3.111 Temporary server error. Please try again later. MRH1", EndOfData, TryLater),
        ("451 4.7.500 Server busy. Please try again later", EndOfData, TryMuchLater),
        ("451 4.7.699 Server busy", EndOfData, TryMuchLater),
        ("451 4.7.700 Server busy", EndOfData, TryLater),
        ("451 4.7.860 Server busy", EndOfData, TryMuchLater),
        (
            "421 4.4.2 Message submission rate for this client has exceeded the configured limit",
            MailFrom,
            TryLater,
        ),
        ("421 4.4.2 Connection dropped due to SocketError", MailFrom, TryLater),
        ("501 5.5.124 Invalid XOAUTH2 auth data - User address provided is not valid", Auth, OurBug),
        ("503 5.5.2 Send hello first", MailFrom, OurBug),
        (
            "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM",
            MailFrom,
            OurBug,
        ),
        ("530 5.7.3 STARTTLS is required to send mail", MailFrom, Administrator(Switch::Connection)),
        ("535 5.7.3 Authentication unsuccessful [SY5P282CA0097.AUSP282.PROD.OUTLOOK.COM]", Auth, SignInAgain),
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.",
            Auth,
            Administrator(Switch::SmtpAuthOfTenant),
        ),
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information.",
            Auth,
            Administrator(Switch::SmtpAuthOfMailbox),
        ),
        (
            "535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [X]",
            Auth,
            Administrator(Switch::BasicAuthentication),
        ),
        (
            "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect. [X]",
            Auth,
            SignInAgain,
        ),
        (
            "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully. Contact your administrator. [X]",
            Auth,
            Administrator(Switch::ConditionalAccess),
        ),
        (
            "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator. [X]",
            Auth,
            Administrator(Switch::SecurityDefaults),
        ),
        (
            "535 5.7.139 Authentication unsuccessful, for a reason of next year",
            Auth,
            Administrator(Switch::Unspecified),
        ),
        (
            "550 5.7.30 Basic authentication is not supported for Client Submission.",
            Auth,
            Administrator(Switch::BasicRetired),
        ),
        (
            "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
            MailFrom,
            Administrator(Switch::SendAs),
        ),
        (
            "554 5.2.252 SendAsDenied; u@c.com not allowed to send as x@c.com; STOREDRV.Submission.Exception:SendAsDeniedException",
            EndOfData,
            Administrator(Switch::SendAs),
        ),
        (
            "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied",
            EndOfData,
            Administrator(Switch::SendAs),
        ),
        (
            "554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded",
            EndOfData,
            MailboxFull,
        ),
        (
            "554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionQuotaExceeded",
            EndOfData,
            MailboxFull,
        ),
        (
            "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message",
            EndOfData,
            TryMuchLater,
        ),
        ("550 5.2.251 throttled", MailFrom, TryMuchLater),
        ("550 5.2.252 throttled", MailFrom, TryMuchLater),
        ("550 5.2.253 throttled", EndOfData, TryMuchLater),
        ("550 5.2.254 throttled", RcptTo, TryMuchLater),
        ("550 5.2.255 throttled", MailFrom, TryMuchLater),
        ("550 5.1.8 Access denied, bad outbound sender", EndOfData, Administrator(Switch::BlockedSender)),
        (
            "550 5.1.90 Your message can't be sent because you've reached your daily limit",
            EndOfData,
            TryMuchLater,
        ),
        ("550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal", EndOfData, OurBug),
        (
            "550 5.7.232 Your message can't be sent because your trial tenant has exceeded its limit",
            EndOfData,
            TryMuchLater,
        ),
        (
            "550 5.7.233 Your message can't be sent because your tenant exceeded its limit",
            EndOfData,
            TryMuchLater,
        ),
        ("552 5.3.4 Message size exceeds fixed maximum message size", MailFrom, MessageRefused),
        ("452 4.5.3 Too many recipients", RcptTo, FewerRecipients),
        ("550 5.5.3 Too many recipients", RcptTo, FewerRecipients),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound", RcptTo, RecipientRefused),
        ("550 5.4.1 Recipient address rejected: Access denied", RcptTo, RecipientRefused),
        ("550 5.1.1 User unknown", RcptTo, RecipientRefused),
    ] {
        let judgement = judge(&reply(line), phase);
        assert_eq!(judgement.class, class, "{line}");
        assert!(judgement.words.ends_with('.'), "{line}");
    }
}

#[test]
fn a_wait_is_told_where_one_is_known() {
    let wait = |line| judge(&reply(line), Phase::EndOfData).wait.map(|wait| wait.as_secs());
    assert_eq!(wait("432 4.3.2 Concurrent connections limit exceeded"), Some(30));
    assert_eq!(wait("421 4.4.2 Message submission rate for this client"), Some(60));
    assert_eq!(wait("550 5.1.90 daily limit"), Some(86_400));
    assert_eq!(wait("450 4.2.0 Greylisted"), None);
}
