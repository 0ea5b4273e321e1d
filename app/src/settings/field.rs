//! The fields of the form, and what can be wrong with them.

/// The fields, for pointing at them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Kind,
    Address,
    Aliases,
    Shared,
    Server,
    Port,
    Security,
    ServerAuthentication,
    UserName,
    AccessCode,
    RelayUrl,
    RelayId,
    RelayKey,
    MessageSize,
    ContentDays,
    LogDays,
    RepeatUnknown,
}

impl Field {
    pub(crate) const ALL: [Self; 17] = [
        Self::Kind,
        Self::Address,
        Self::Aliases,
        Self::Shared,
        Self::Server,
        Self::Port,
        Self::Security,
        Self::ServerAuthentication,
        Self::UserName,
        Self::AccessCode,
        Self::RelayUrl,
        Self::RelayId,
        Self::RelayKey,
        Self::MessageSize,
        Self::ContentDays,
        Self::LogDays,
        Self::RepeatUnknown,
    ];

    /// The id of its control.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Address => "address",
            Self::Aliases => "aliases",
            Self::Shared => "shared",
            Self::Server => "server",
            Self::Port => "port",
            Self::Security => "security",
            Self::ServerAuthentication => "server-authentication",
            Self::UserName => "user-name",
            Self::AccessCode => "access-code",
            Self::RelayUrl => "relay-url",
            Self::RelayId => "relay-id",
            Self::RelayKey => "relay-key",
            Self::MessageSize => "message-size",
            Self::ContentDays => "content-days",
            Self::LogDays => "log-days",
            Self::RepeatUnknown => "repeat-unknown",
        }
    }

    /// The field that a JSON pointer of the Worker means.
    pub(crate) fn of_pointer(pointer: &str) -> Option<Self> {
        let path = pointer.trim_start_matches('/');
        let path = path.strip_prefix("settings/").unwrap_or(path);
        let name = match path.split('/').next()? {
            "message_bytes_max" => "message-size".to_owned(),
            name => name.replace('_', "-"),
        };
        Self::ALL.into_iter().find(|field| field.id() == name)
    }
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    AddressForm,
    AliasForm(String),
    ServerMissing,
    PortRange,
    UserNameMissing,
    RelayUrlForm,
    RelayIdMissing,
    SizeForm,
    SizeRange,
    /// Not a whole number of days from this one up to the longest time.
    DaysRange(u16),
    /// The list of what was sent would end before the content, which is kept for so many days.
    LogShort(u16),
    /// The Worker said so, with its reason in English.
    Refused(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_of_the_worker_find_their_field() {
        assert_eq!(Field::of_pointer("/settings/address"), Some(Field::Address));
        assert_eq!(Field::of_pointer("/settings/aliases/2"), Some(Field::Aliases));
        assert_eq!(Field::of_pointer("/settings/message_bytes_max"), Some(Field::MessageSize));
        assert_eq!(Field::of_pointer("/settings/content_days"), Some(Field::ContentDays));
        assert_eq!(Field::of_pointer("/settings/log_days"), Some(Field::LogDays));
        assert_eq!(Field::of_pointer("/access_code"), Some(Field::AccessCode));
        assert_eq!(Field::of_pointer("/address"), Some(Field::Address));
        assert_eq!(Field::of_pointer("/elsewhere"), None);
    }
}
