//! What can be the matter, as a closed list: code, status, whose turn it is, and the English.

use serde::{Deserialize, Serialize};

/// Who can make a problem go away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FixBy {
    /// Whoever sent this request, by sending another one.
    Caller,
    /// The person at the E-mail server page, by signing in.
    Employee,
    /// An administrator of the organisation's Microsoft 365.
    Administrator,
    /// The person who deployed this installation.
    Operator,
    /// Nobody needs to: it passes.
    Time,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $status:literal, $fix_by:ident, $retryable:literal, $title:literal, $action:literal;)+) => {
        /// The kinds of problem: a closed list that programs can rely on.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(from = "String", into = "&'static str")] // a table is a tenth of the code that is derived from the words
        pub enum Code {
            $($(#[$doc])* $name,)+
            /// A kind that this version does not know; only ever read, never sent.
            Unrecognised,
        }

        impl Code {
            /// Every kind that can be sent.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The word of the JSON value.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ Self::Unrecognised => "unrecognised" }
            }

            /// The HTTP status it is answered with.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ Self::Unrecognised => 500 }
            }

            /// Who can make it go away.
            #[must_use]
            pub const fn fix_by(self) -> FixBy {
                match self { $(Self::$name => FixBy::$fix_by,)+ Self::Unrecognised => FixBy::Operator }
            }

            /// Whether the same request may succeed later without anybody changing anything.
            #[must_use]
            pub const fn retryable(self) -> bool {
                match self { $(Self::$name => $retryable,)+ Self::Unrecognised => false }
            }

            /// The kind in English.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ Self::Unrecognised => "Something this version does not know" }
            }

            /// The usual next step in English.
            #[must_use]
            pub const fn action(self) -> &'static str {
                match self { $(Self::$name => $action,)+ Self::Unrecognised => "Update this program, then try again." }
            }
        }
    };
}

impl From<Code> for &'static str {
    fn from(code: Code) -> Self {
        code.as_str()
    }
}

impl From<String> for Code {
    fn from(word: String) -> Self {
        Self::ALL.iter().copied().find(|code| code.as_str() == word).unwrap_or(Self::Unrecognised)
    }
}

codes! {
    // The request itself
    /// The body is not JSON of the right shape.
    MalformedRequest = "malformed_request", 400, Caller, false,
        "The request can't be read",
        "Correct the request and send it again.";
    /// Fields have values that can't be used; `errors` lists them all.
    FieldsRefused = "fields_refused", 422, Caller, false,
        "Some fields can't be used as they are",
        "Correct the fields listed under errors and send the request again.";
    /// No such path, or no such thing behind it.
    NotFound = "not_found", 404, Caller, false,
        "There is nothing here",
        "Check the address of the request.";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, Caller, false,
        "This address does not take that method",
        "Use one of the methods in the Allow header.";
    /// The body's media type is not one that this path takes.
    UnsupportedMediaType = "unsupported_media_type", 415, Caller, false,
        "This media type is not taken here",
        "Send JSON with the header Content-Type: application/json.";
    /// More bytes than any request may have.
    RequestTooLarge = "request_too_large", 413, Caller, false,
        "The request is too large",
        "Send fewer or smaller attachments.";
    /// The message is larger than the mailbox's setting or than its kind can send.
    MessageTooLarge = "message_too_large", 413, Caller, false,
        "The message is too large for this mailbox",
        "Send fewer or smaller attachments.";
    /// `from` is neither the mailbox's address nor one of its aliases.
    SenderNotAllowed = "sender_not_allowed", 403, Caller, false,
        "This key may not send from that address",
        "Use one of the addresses in params, or add an alias on the E-mail server page.";

    /// The idempotency key came before, with another message.
    IdempotencyKeyReused = "idempotency_key_reused", 422, Caller, false,
        "This idempotency key belongs to another message",
        "Use a new key for each message, and the same one only to repeat it.";
    /// The message with this idempotency key is just being stored.
    IdempotencyInProgress = "idempotency_in_progress", 409, Time, true,
        "The same message is just being accepted",
        "Try again in a second; the answer will be that of the first request.";

    // What was accepted
    /// The message has come to its end before.
    MessageEnded = "message_ended", 409, Caller, false,
        "That is no longer possible for this message",
        "Look at its state; retry sends it again while its content is kept.";
    /// The message is being handed over at this moment.
    MessageUnderWay = "message_under_way", 409, Time, true,
        "The message is being handed over right now",
        "Try again in a few seconds.";
    /// Nobody knows whether the message was taken, so that sending it again may make two of it.
    DuplicatePossible = "duplicate_possible", 409, Caller, false,
        "The message may have arrived already",
        "Look in Sent Items; if it is not there, ask again with accept_duplicate set to true.";
    /// The content of the message is deleted, as the settings say.
    ContentGone = "content_gone", 410, Caller, false,
        "The content of this message is no longer kept",
        "Post the message again.";
    /// Handing the message over was cut off again and again, before anything of it had left.
    AttemptsLost = "attempts_lost", 500, Operator, false,
        "Handing this message over was cut off three times",
        "Look in the log for what happened, then retry the message.";

    // Who is asking
    /// No key, session or operator secret came with the request.
    CredentialsMissing = "credentials_missing", 401, Caller, false,
        "This needs a key",
        "Send the header Authorization: Bearer followed by the key.";
    /// The key, or the operator secret, is not one of ours or was revoked.
    CredentialsRefused = "credentials_refused", 401, Caller, false,
        "This key does not work here",
        "Check that the whole key was copied, or make a new one.";
    /// The session ended; a new link is needed.
    SessionEnded = "session_ended", 401, Employee, false,
        "This session has ended",
        "Open the page from your ERP again, or ask for a new link.";
    /// A link was opened before, has expired, or never existed.
    LinkSpent = "link_spent", 410, Employee, false,
        "This link was used before or has expired",
        "Open the page from your ERP again, or ask for a new link.";
    /// A page of another site asked.
    OriginRefused = "origin_refused", 403, Caller, false,
        "This request came from another site",
        "Open the E-mail server page itself.";

    // Settings
    /// Somebody else saved the same mailbox in between.
    SettingsChanged = "settings_changed", 409, Employee, false,
        "Somebody else changed these settings",
        "Look at the new settings and make your change again.";
    /// Something that the mailbox's kind does not have, such as a sign-in at Microsoft.
    KindNotAvailable = "kind_not_available", 409, Employee, false,
        "This kind does not have that",
        "Choose another kind on the E-mail server page.";

    // A mail server of one's own
    /// The server requires authentication, and no access code is stored.
    AccessCodeMissing = "access_code_missing", 409, Employee, false,
        "The access code is missing",
        "Type the access code on the E-mail server page and save; waiting messages are then sent.";
    /// The server does not accept user name or access code.
    AccessCodeRefused = "access_code_refused", 409, Employee, false,
        "The mail server does not accept user name or access code",
        "Correct them on the E-mail server page and save; waiting messages are then sent.";
    /// The server does not talk to us as the settings say: it offers no TLS, or no way to sign in that we know.
    ServerRefused = "server_refused", 409, Employee, false,
        "The mail server can't be used with these settings",
        "Correct server, port and security on the E-mail server page and save; waiting messages are then sent.";
    /// The relay does not take orders of this mailbox: it has another key or clock, or its owner does not allow the server.
    RelayRefused = "relay_refused", 409, Operator, false,
        "The relay does not take this mail",
        "Correct what detail names, at the relay or on the E-mail server page, and save; waiting messages are then sent.";
    /// The server can't be reached, or says that it can't now, or TLS with it fails.
    ServerUnavailable = "server_unavailable", 503, Time, true,
        "The mail server is slow or away",
        "Nothing; it is tried again by itself.";

    // Signing in
    /// Nobody has signed the mailbox in yet.
    NotAuthenticated = "not_authenticated", 409, Employee, false,
        "The mailbox is not signed in",
        "Open the E-mail server page and choose Authenticate; waiting messages are then sent.";
    /// Microsoft ended the authentication.
    SignInAgain = "sign_in_again", 409, Employee, false,
        "The mailbox must be signed in again",
        "Open the E-mail server page and choose Authenticate; waiting messages are then sent.";
    /// The consent attempt is unknown here, of another session, or too old.
    ConsentAttemptEnded = "consent_attempt_ended", 409, Employee, false,
        "This sign-in took too long or was started elsewhere",
        "Choose Authenticate again.";
    /// What came back does not belong to this attempt: state, nonce, audience, issuer or time.
    ConsentMismatch = "consent_mismatch", 409, Employee, false,
        "The answer does not belong to this sign-in",
        "Choose Authenticate again, in one window.";
    /// Microsoft refused to redeem the code.
    ConsentRefused = "consent_refused", 409, Employee, false,
        "Microsoft did not complete the sign-in",
        "Choose Authenticate again.";
    /// Microsoft sent the browser back without permission: cancelled, or the person may not give it. Microsoft answers both
    /// alike.
    ConsentNotGiven = "consent_not_given", 409, Employee, false,
        "Microsoft did not give permission",
        "Choose Authenticate again, or ask your administrator to approve the app.";
    /// Somebody signed in with another address than the mailbox's.
    WrongAccount = "wrong_account", 409, Employee, false,
        "Another account signed in than this mailbox's",
        "Choose Authenticate again and sign in as the mailbox.";
    /// The account is of another Microsoft tenant than the organisation.
    WrongTenant = "wrong_tenant", 409, Employee, false,
        "This account belongs to another organisation",
        "Choose Authenticate again and sign in with an account of your own organisation.";
    /// A personal Microsoft account signed in.
    PersonalAccount = "personal_account", 409, Employee, false,
        "This is a personal Microsoft account",
        "Choose Authenticate again and sign in with a work account.";
    /// A guest of the organisation signed in, whose mailbox is elsewhere.
    GuestAccount = "guest_account", 409, Employee, false,
        "This account is a guest in the organisation",
        "Choose Authenticate again and sign in with an account of the organisation itself.";
    /// Microsoft gave fewer permissions than sending needs.
    PermissionMissing = "permission_missing", 409, Administrator, false,
        "Microsoft did not give the permission to send",
        "Choose Authenticate again and accept every permission, or ask your administrator to approve them.";

    // Microsoft and Exchange
    /// The app registration's secret or id is not accepted.
    RegistrationBroken = "registration_broken", 503, Operator, false,
        "The app registration does not work",
        "Check the client id and secret of the app registration, and put a new secret in.";
    /// An administrator's policy is in the way.
    AdministratorNeeded = "administrator_needed", 403, Administrator, false,
        "A Microsoft 365 setting is in the way",
        "Give the code and request id under upstream to your Microsoft 365 administrator.";
    /// Microsoft does not accept what we ask: a fault of ours, or of the installation's settings.
    RequestRejected = "request_rejected", 502, Operator, false,
        "Microsoft does not accept the request of this installation",
        "Give the code and request id under upstream to the operator.";
    /// Exchange does not let the account send as `from`.
    SendAsDenied = "send_as_denied", 403, Administrator, false,
        "The mailbox may not send as that address",
        "Let the administrator grant Send As on that address, or use the mailbox's own address.";
    /// The account has no mailbox that can send.
    MailboxUnavailable = "mailbox_unavailable", 403, Administrator, false,
        "The account has no Exchange Online mailbox",
        "Let the administrator give the account an Exchange Online licence.";
    /// Microsoft stopped the mailbox from sending at all.
    SendingBlocked = "sending_blocked", 403, Administrator, false,
        "Microsoft blocked this mailbox from sending",
        "Let the administrator unblock it under Restricted entities in Microsoft Defender.";
    /// A recipient's address is not accepted.
    RecipientRefused = "recipient_refused", 422, Caller, false,
        "A recipient's address was refused",
        "Correct the address and send the message again.";
    /// Microsoft did not accept the message for another reason.
    MessageRefused = "message_refused", 422, Caller, false,
        "Microsoft refused the message",
        "See upstream for the reason, change the message and send it again.";
    /// The mailbox's sending limit is reached, or it is full.
    QuotaReached = "quota_reached", 429, Time, true,
        "A sending limit of the mailbox is reached",
        "Wait; the message is tried again by itself.";
    /// Microsoft asks for slower sending.
    Throttled = "throttled", 429, Time, true,
        "Microsoft asks to slow down",
        "Wait; nothing is lost.";
    /// Microsoft does not answer, or answers with a fault of its own.
    MicrosoftUnavailable = "microsoft_unavailable", 503, Time, true,
        "Microsoft can't be reached right now",
        "Wait; nothing is lost.";
    /// Nothing that came back says whether the message was taken.
    OutcomeUnknown = "outcome_unknown", 504, Caller, false,
        "It is not known whether Microsoft took the message",
        "Look in Sent Items before you send it again.";

    // Ourselves
    /// A part of the installation did not answer in time.
    Busy = "busy", 503, Time, true,
        "This takes longer than it should",
        "Try again in a few seconds.";
    /// The installation's storage takes nothing more, today or at all.
    StorageQuota = "storage_quota", 503, Time, true,
        "The storage of this installation is used up",
        "Wait for retry_after seconds; where it is missing, the operator makes room.";
    /// The installation lacks a setting or secret.
    NotConfigured = "not_configured", 503, Operator, false,
        "This installation is not set up completely",
        "The operator sets the missing value named in detail and deploys again.";
    /// A fault of ours.
    Internal = "internal", 500, Operator, true,
        "Something on our side failed",
        "Try again; if it stays, give the request id to the operator.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_reads_back_and_says_what_to_do() {
        let mut words = BTreeSet::new();
        for code in Code::ALL {
            assert_eq!(serde_json::to_string(code).unwrap(), format!("\"{}\"", code.as_str()));
            assert_eq!(Code::from(code.as_str().to_owned()), *code);
            assert!(words.insert(code.as_str()), "{code:?} shares its word");
            assert!((400..600).contains(&code.status()));
            assert!(code.action().ends_with('.') && !code.title().ends_with('.'));
        }
    }

    #[test]
    fn a_code_of_a_later_version_can_be_read() {
        assert_eq!(serde_json::from_str::<Code>("\"from_the_future\"").unwrap(), Code::Unrecognised);
    }

    #[test]
    fn whatever_passes_by_itself_can_be_tried_again() {
        for code in Code::ALL.iter().filter(|code| code.fix_by() == FixBy::Time) {
            assert!(code.retryable(), "{code:?}");
        }
    }
}
