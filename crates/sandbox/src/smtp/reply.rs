//! Exchange's words (sections 6.2, 6.6). Those marked [U] are from memory or made up: no program should lean on them.

use crate::{random, state::Sandbox};

/// Shaped like Exchange's, under a name that can't exist.
pub(crate) const HOST: &str = "SBXP123CA0001.outlook.office365.example";

/// What EHLO says the server takes (section 6.2).
pub(crate) const SIZE_MAX: usize = 157_286_400;

pub(crate) const SEND_HELLO: &str = "503 5.5.2 Send hello first";
pub(crate) const READY: &str = "220 2.0.0 SMTP server ready";
pub(crate) const SECOND_STARTTLS: &str = "503 5.5.2 Only one STARTTLS command can be issued per session"; // [U]
pub(crate) const NEEDS_TLS: &str = "530 5.7.3 STARTTLS is required to send mail"; // digits [U]
pub(crate) const UNKNOWN_MECHANISM: &str = "504 5.7.4 Unrecognized authentication type"; // [U]
pub(crate) const ALREADY_IN: &str = "503 5.5.2 Already authenticated"; // [U]
pub(crate) const CANCELLED: &str = "501 5.7.0 Authentication cancelled"; // [U]
pub(crate) const AUTH_UNREADABLE: &str =
    "501 5.5.124 Invalid XOAUTH2 auth data - User address provided is not valid"; // seen on another host
pub(crate) const AUTHENTICATED: &str = "235 2.7.0 Authentication successful";
pub(crate) const BASIC_RETIRED: &str =
    "550 5.7.30 Basic authentication is not supported for Client Submission.";
pub(crate) const SENDER_OK: &str = "250 2.1.0 Sender OK";
pub(crate) const RECIPIENT_OK: &str = "250 2.1.5 Recipient OK";
pub(crate) const SENDER_TWICE: &str = "503 5.5.2 Sender already specified"; // [U]
pub(crate) const NEED_MAIL: &str = "503 5.5.2 Need mail command"; // [U]
pub(crate) const NEED_RCPT: &str = "503 5.5.2 Need rcpt command"; // [U]
pub(crate) const START_MAIL: &str = "354 Start mail input; end with <CRLF>.<CRLF>";
pub(crate) const TOO_MANY_RECIPIENTS: &str = "452 4.5.3 Too many recipients"; // [U]
pub(crate) const NOT_ASCII: &str = "553 5.6.7 Address needs SMTPUTF8"; // [U], RFC 6531
pub(crate) const TOO_LARGE: &str = "552 5.3.4 Message size exceeds fixed maximum message size"; // [U]
pub(crate) const BARE_LINE_FEED: &str = "550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal; message contains bare linefeed, which cannot be sent via DATA"; // [U]
pub(crate) const LONG_LINE: &str = "554 5.6.0 Line longer than 998 octets"; // [U]
pub(crate) const UNREADABLE: &str = "554 5.6.0 Corrupt message content"; // [U]
pub(crate) const NOT_THE_SENDER: &str =
    "550 5.7.60 SMTP; Client does not have permissions to send as this sender";
pub(crate) const TOO_FAST: &str =
    "421 4.4.2 Message submission rate for this client has exceeded the configured limit";
pub(crate) const RESET: &str = "250 2.0.0 Resetting"; // [U]
pub(crate) const NOOP: &str = "250 2.0.0 OK";
pub(crate) const NO_VRFY: &str = "252 2.1.5 Cannot VRFY user"; // [U]
pub(crate) const NO_BDAT: &str = "502 5.3.3 Command not implemented: the sandbox does not know BDAT";
pub(crate) const NO_BINARY: &str = "555 5.5.4 Not implemented: the sandbox does not know BODY=BINARYMIME";
pub(crate) const BYE: &str = "221 2.0.0 Service closing transmission channel";
pub(crate) const UNKNOWN_COMMAND: &str = "500 5.3.3 Unrecognized command"; // [U]
pub(crate) const SYNTAX: &str = "501 5.5.4 Invalid arguments"; // [U]
pub(crate) const LINE_TOO_LONG: &str = "500 5.5.2 Line too long"; // [U]
pub(crate) const TIMED_OUT: &str = "421 4.4.1 Connection timed out"; // [U]

pub(crate) fn greeting(sandbox: &Sandbox) -> String {
    let now = sandbox.clock.now().format("%a, %-d %b %Y %H:%M:%S +0000");
    format!("220 {HOST} Microsoft ESMTP MAIL Service ready at {now}")
}

/// STARTTLS before TLS, AUTH in its place after it.
pub(crate) fn hello(peer: &str, tls: bool) -> String {
    let here = if tls { "AUTH LOGIN XOAUTH2" } else { "STARTTLS" };
    [
        &format!("250-{HOST} Hello [{peer}]"),
        &format!("250-SIZE {SIZE_MAX}"),
        "250-PIPELINING",
        "250-DSN",
        "250-ENHANCEDSTATUSCODES",
        &format!("250-{here}"),
        "250-8BITMIME",
        "250-BINARYMIME",
        "250-CHUNKING",
        "250 SMTPUTF8",
    ]
    .join("\r\n")
}

pub(crate) fn short_hello(peer: &str) -> String {
    format!("250 {HOST} Hello [{peer}]")
}

/// What Microsoft's support asks for: host, time, number.
fn tail(sandbox: &Sandbox) -> String {
    let now = sandbox.clock.now().format("%Y-%m-%dT%H:%M:%S%.3fZ");
    let id: String = random::guid().replace('-', "").to_uppercase().chars().take(16).collect();
    format!("[{HOST} {now} {id}]")
}

pub(crate) fn anonymous(sandbox: &Sandbox) -> String {
    format!("530 5.7.57 Client not authenticated to send mail. {}", tail(sandbox))
}

/// Why a sign-in fails (section 6.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Wrong audience, expired, unknown, or of somebody who may not be this user.
    Token,
    Mailbox,
    Tenant,
    ConditionalAccess,
    Basic,
    BasicRetired,
}

pub(crate) fn refused(why: Refused, sandbox: &Sandbox) -> String {
    let visit = "Visit https://aka.ms/smtp_auth_disabled for more information.";
    let disabled = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the";
    let text = match why {
        Refused::Token => return format!("535 5.7.3 Authentication unsuccessful [{HOST}]"),
        Refused::BasicRetired => return BASIC_RETIRED.to_owned(),
        Refused::Mailbox => format!("{disabled} Mailbox. {visit}"),
        Refused::Tenant => format!("{disabled} Tenant. {visit}"),
        Refused::ConditionalAccess => {
            "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria \
                                       to be authenticated successfully. Contact your administrator."
                .to_owned()
        }
        Refused::Basic => {
            "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.".to_owned()
        }
    };
    format!("{text} {}", tail(sandbox))
}

pub(crate) fn option_unknown(name: &str) -> String {
    format!("555 5.5.4 Unsupported option: {name}") // [U]
}

pub(crate) fn accepted(message_id: &str) -> String {
    format!("250 2.0.0 OK {message_id} [Hostname={HOST}]")
}

pub(crate) fn too_many_connections() -> String {
    format!(
        "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more \
         information. [Hostname={HOST}]"
    )
}

pub(crate) fn send_as_denied(user: &str, sender: &str) -> String {
    format!(
        "554 5.2.252 SendAsDenied; {user} not allowed to send as {sender}; \
         STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due \
         to a permanent exception with message Cannot submit message. [Hostname={HOST}]"
    )
}

pub(crate) fn mailbox_full() -> String {
    format!(
        "554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded; \
         Failed to process message due to a permanent exception. [Hostname={HOST}]"
    )
}

pub(crate) fn quota_exceeded() -> String {
    format!(
        "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message due to a \
         permanent exception with message The message can't be submitted because the sender's submission quota was \
         exceeded. [Hostname={HOST}]"
    )
}
