/// Whose turn it is after a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Nobody's: the server agreed.
    Fine,
    /// It passes: the message waits as usual.
    TryLater,
    /// It passes, and until then no message of this mailbox gets through; trying makes it worse.
    TryMuchLater,
    /// Others use the mailbox at the same time: one message at a time, after a short wait.
    ConcurrencyLimit,
    /// The person signs in again, or mends user name and password. With a token: once with a fresh one first.
    SignInAgain,
    /// An administrator changes this.
    Administrator(Switch),
    /// The person empties the mailbox.
    MailboxFull,
    /// The message goes out in several parts, each to fewer recipients.
    FewerRecipients,
    /// This recipient gets no mail here.
    RecipientRefused,
    /// This message is not taken.
    MessageRefused,
    /// We made a mistake.
    OurBug,
}

impl Class {
    /// Stable word for logs and `replies.csv`; an administrator's switch follows a colon there.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::TryLater => "try_later",
            Self::TryMuchLater => "try_much_later",
            Self::ConcurrencyLimit => "concurrency_limit",
            Self::SignInAgain => "sign_in_again",
            Self::Administrator(_) => "administrator",
            Self::MailboxFull => "mailbox_full",
            Self::FewerRecipients => "fewer_recipients",
            Self::RecipientRefused => "recipient_refused",
            Self::MessageRefused => "message_refused",
            Self::OurBug => "our_bug",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        const WITHOUT_SWITCH: [Class; 10] = [
            Class::Fine,
            Class::TryLater,
            Class::TryMuchLater,
            Class::ConcurrencyLimit,
            Class::SignInAgain,
            Class::MailboxFull,
            Class::FewerRecipients,
            Class::RecipientRefused,
            Class::MessageRefused,
            Class::OurBug,
        ];
        match word.strip_prefix("administrator:") {
            Some(switch) => {
                Switch::ALL.into_iter().find(|one| one.as_str() == switch).map(Self::Administrator)
            }
            None => WITHOUT_SWITCH.into_iter().find(|class| class.as_str() == word),
        }
    }
}

/// What an administrator has to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Switch {
    /// `Set-TransportConfig -SmtpClientAuthenticationDisabled $false`.
    SmtpAuthOfTenant,
    /// `Set-CASMailbox -Identity … -SmtpClientAuthenticationDisabled $false`.
    SmtpAuthOfMailbox,
    /// An authentication policy that forbids passwords.
    BasicAuthentication,
    /// Microsoft has ended passwords for this organisation: another kind of e-mail server.
    BasicRetired,
    /// Entra's security defaults.
    SecurityDefaults,
    /// Conditional access, an authentication policy or a second factor.
    ConditionalAccess,
    /// `Add-RecipientPermission … -AccessRights SendAs`.
    SendAs,
    /// The sender is on the list of restricted users.
    BlockedSender,
    /// The organisation is restricted as a whole.
    BlockedTenant,
    /// Server, port or security of the connection, or who may connect from where.
    Connection,
    /// The server did not say which.
    Unspecified,
}

impl Switch {
    /// Every switch.
    pub const ALL: [Self; 11] = [
        Self::SmtpAuthOfTenant,
        Self::SmtpAuthOfMailbox,
        Self::BasicAuthentication,
        Self::BasicRetired,
        Self::SecurityDefaults,
        Self::ConditionalAccess,
        Self::SendAs,
        Self::BlockedSender,
        Self::BlockedTenant,
        Self::Connection,
        Self::Unspecified,
    ];

    /// Stable word for programs, logs and `replies.csv`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SmtpAuthOfTenant => "smtp_auth_of_tenant",
            Self::SmtpAuthOfMailbox => "smtp_auth_of_mailbox",
            Self::BasicAuthentication => "basic_authentication",
            Self::BasicRetired => "basic_retired",
            Self::SecurityDefaults => "security_defaults",
            Self::ConditionalAccess => "conditional_access",
            Self::SendAs => "send_as",
            Self::BlockedSender => "blocked_sender",
            Self::BlockedTenant => "blocked_tenant",
            Self::Connection => "connection",
            Self::Unspecified => "unspecified",
        }
    }
}
