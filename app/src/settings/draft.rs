//! What is typed in the form, as text, and how it becomes settings. Nothing here knows the page.

use api::{Kind, MESSAGE_BYTES_SETTING_MAX, MailboxSettings, Security};

use super::super::words::size;
use crate::i18n::Locale;

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
}

impl Field {
    pub(crate) const ALL: [Self; 14] = [
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
    /// The Worker said so, with its reason in English.
    Refused(String),
}

/// The form as it is typed.
#[expect(clippy::struct_excessive_bools, reason = "a check box each")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) kind: Kind,
    pub(crate) address: String,
    /// One on each line.
    pub(crate) aliases: String,
    pub(crate) shared: bool,
    pub(crate) server: String,
    pub(crate) port: String,
    pub(crate) security: Security,
    pub(crate) server_authentication: bool,
    pub(crate) user_name: String,
    /// Only ever what was typed now.
    pub(crate) access_code: String,
    pub(crate) forget_access_code: bool,
    pub(crate) by_relay: bool,
    pub(crate) relay_url: String,
    pub(crate) relay_id: String,
    /// Only ever what was typed now.
    pub(crate) relay_key: String,
    /// Megabytes.
    pub(crate) message_size: String,
}

/// What a save would send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) settings: MailboxSettings,
    pub(crate) access_code: Option<String>,
    pub(crate) relay_key: Option<String>,
}

impl Draft {
    pub(crate) fn of(settings: &MailboxSettings, locale: Locale) -> Self {
        Self {
            kind: settings.kind,
            address: settings.address.clone(),
            aliases: settings.aliases.join("\n"),
            shared: settings.shared,
            server: settings.server.clone(),
            port: settings.port.to_string(),
            security: settings.security,
            server_authentication: settings.server_authentication,
            user_name: settings.user_name.clone(),
            access_code: String::new(),
            forget_access_code: false,
            by_relay: !settings.relay_url.is_empty(),
            relay_url: settings.relay_url.clone(),
            relay_id: settings.relay_id.clone(),
            relay_key: String::new(),
            message_size: size::megabytes(settings.message_bytes_max, locale),
        }
    }

    /// Whether saving would change anything.
    pub(crate) fn differs(&self, saved: &MailboxSettings) -> bool {
        self.filled(saved) != Ok(Filled { settings: saved.clone(), access_code: None, relay_key: None })
    }

    /// Whether a stored access code would be dropped by this save: it goes only to the server it was saved for.
    pub(crate) fn moves(&self, saved: &MailboxSettings) -> bool {
        self.server.trim() != saved.server
            || self.port.trim() != saved.port.to_string()
            || self.security != saved.security
            || self.user_name.trim() != saved.user_name
            || self.moves_relay(saved)
    }

    /// Whether a stored key would be dropped by this save: it belongs to the relay that it was saved for.
    pub(crate) fn moves_relay(&self, saved: &MailboxSettings) -> bool {
        self.relay() != (saved.relay_url.as_str(), saved.relay_id.as_str())
    }

    /// Address and name of the relay; empty without one.
    fn relay(&self) -> (&str, &str) {
        if self.by_relay { (self.relay_url.trim(), self.relay_id.trim()) } else { ("", "") }
    }

    /// Whether no authentication would be left: it belongs to an address, a kind and whose sign-in it is.
    pub(crate) fn ends_authentication(&self, saved: &MailboxSettings) -> bool {
        self.address.trim() != saved.address || self.kind != saved.kind || self.shared != saved.shared
    }

    /// The fields in which this differs from another draft, in the order of the form. An access code that is typed or
    /// forgotten always does, since nobody can see what is stored.
    pub(crate) fn differing(&self, other: &Self) -> Vec<Field> {
        let differs = |field: &Field| match field {
            Field::Kind => self.kind != other.kind,
            Field::Address => self.address.trim() != other.address.trim(),
            Field::Aliases => self.aliases.trim() != other.aliases.trim(),
            Field::Shared => self.shared != other.shared,
            Field::Server => self.server.trim() != other.server.trim(),
            Field::Port => self.port.trim() != other.port.trim(),
            Field::Security => self.security != other.security,
            Field::ServerAuthentication => self.server_authentication != other.server_authentication,
            Field::UserName => self.user_name.trim() != other.user_name.trim(),
            Field::AccessCode => {
                self.access_code != other.access_code || self.forget_access_code != other.forget_access_code
            }
            Field::RelayUrl => self.relay().0 != other.relay().0,
            Field::RelayId => self.relay().1 != other.relay().1,
            Field::RelayKey => self.relay_key != other.relay_key,
            Field::MessageSize => size::bytes(&self.message_size) != size::bytes(&other.message_size),
        };
        Field::ALL.into_iter().filter(differs).collect()
    }

    /// Takes one field over from another draft.
    pub(crate) fn take(&mut self, field: Field, other: &Self) {
        match field {
            Field::Kind => self.kind = other.kind,
            Field::Address => self.address.clone_from(&other.address),
            Field::Aliases => self.aliases.clone_from(&other.aliases),
            Field::Shared => self.shared = other.shared,
            Field::Server => self.server.clone_from(&other.server),
            Field::Port => self.port.clone_from(&other.port),
            Field::Security => self.security = other.security,
            Field::ServerAuthentication => self.server_authentication = other.server_authentication,
            Field::UserName => self.user_name.clone_from(&other.user_name),
            Field::AccessCode => {
                self.access_code.clone_from(&other.access_code);
                self.forget_access_code = other.forget_access_code;
            }
            Field::RelayUrl => {
                self.by_relay = other.by_relay;
                self.relay_url.clone_from(&other.relay_url);
            }
            Field::RelayId => self.relay_id.clone_from(&other.relay_id),
            Field::RelayKey => self.relay_key.clone_from(&other.relay_key),
            Field::MessageSize => self.message_size.clone_from(&other.message_size),
        }
    }

    /// Reads the form; every field that needs another look at once.
    pub(crate) fn filled(&self, saved: &MailboxSettings) -> Result<Filled, Vec<(Field, Wrong)>> {
        let mut wrong = Vec::new();
        let mut settings = MailboxSettings {
            address: self.address.trim().to_owned(),
            aliases: self
                .aliases
                .split(['\n', ',', ';'])
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect(),
            kind: self.kind,
            shared: self.shared,
            server: self.server.trim().to_owned(),
            port: saved.port,
            security: self.security,
            server_authentication: self.server_authentication,
            user_name: self.user_name.trim().to_owned(),
            relay_url: self.relay().0.to_owned(),
            relay_id: self.relay().1.to_owned(),
            message_bytes_max: saved.message_bytes_max,
        };
        if !looks_like_address(&settings.address) {
            wrong.push((Field::Address, Wrong::AddressForm));
        }
        if self.kind.signs_in()
            && let Some(alias) = settings.aliases.iter().find(|alias| !looks_like_address(alias))
        {
            wrong.push((Field::Aliases, Wrong::AliasForm(alias.clone())));
        }
        let port = self.port.trim().parse::<u16>().ok().filter(|port| *port > 0);
        match (port, self.kind) {
            (Some(port), _) => settings.port = port,
            (None, Kind::SmtpBasic) => wrong.push((Field::Port, Wrong::PortRange)),
            (None, _) => {}
        }
        if self.kind == Kind::SmtpBasic {
            if settings.server.is_empty() {
                wrong.push((Field::Server, Wrong::ServerMissing));
            }
            if self.server_authentication && settings.user_name.is_empty() {
                wrong.push((Field::UserName, Wrong::UserNameMissing));
            }
            if self.by_relay && !looks_like_relay(&settings.relay_url) {
                wrong.push((Field::RelayUrl, Wrong::RelayUrlForm));
            }
            if self.by_relay && settings.relay_id.is_empty() {
                wrong.push((Field::RelayId, Wrong::RelayIdMissing));
            }
        }
        match size::bytes(&self.message_size) {
            None => wrong.push((Field::MessageSize, Wrong::SizeForm)),
            Some(bytes) if !(size::MIN_BYTES..=MESSAGE_BYTES_SETTING_MAX).contains(&bytes) => {
                wrong.push((Field::MessageSize, Wrong::SizeRange));
            }
            // Half a byte more or less from writing megabytes with two decimals is no change.
            Some(bytes) if size::same(bytes, saved.message_bytes_max) => {}
            Some(bytes) => settings.message_bytes_max = bytes,
        }
        wrong.sort_by_key(|(field, _)| *field);
        let access_code = match (self.access_code.is_empty(), self.forget_access_code) {
            (false, _) => Some(self.access_code.clone()),
            (true, true) => Some(String::new()),
            (true, false) => None,
        };
        let relay_key = (!self.relay_key.is_empty()).then(|| self.relay_key.trim().to_owned());
        if wrong.is_empty() { Ok(Filled { settings, access_code, relay_key }) } else { Err(wrong) }
    }
}

fn looks_like_relay(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://localhost"));
    host.is_some_and(|host| text.starts_with("http://") || !host.is_empty())
}

/// Enough to catch a slip; the Worker knows the whole rule.
pub(crate) fn looks_like_address(text: &str) -> bool {
    match text.rsplit_once('@') {
        Some((name, domain)) => {
            !name.is_empty()
                && !domain.is_empty()
                && !text.contains(char::is_whitespace)
                && !domain.starts_with('.')
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved() -> MailboxSettings {
        MailboxSettings::new("info@example.nl")
    }

    fn wrong(draft: &Draft) -> Vec<Field> {
        draft.filled(&saved()).unwrap_err().into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn an_untouched_form_changes_nothing_in_either_language() {
        for locale in [Locale::nl, Locale::en] {
            let mut settings = saved();
            settings.message_bytes_max = 2_621_441; // 2.5 MB and a byte: shown as 2.5
            settings.aliases = vec!["a@example.nl".into(), "b@example.nl".into()];
            assert!(!Draft::of(&settings, locale).differs(&settings));
        }
    }

    #[test]
    fn every_wrong_field_is_named_at_once_and_in_the_order_of_the_form() {
        let mut draft = Draft::of(&saved(), Locale::nl);
        draft.kind = Kind::SmtpBasic;
        draft.address = "info".into();
        draft.port = "70000".into();
        draft.message_size = "veel".into();
        let expected = vec![Field::Address, Field::Server, Field::Port, Field::UserName, Field::MessageSize];
        assert_eq!(wrong(&draft), expected);
    }

    #[test]
    fn fields_of_another_kind_are_kept_and_not_judged() {
        let mut draft = Draft::of(&saved(), Locale::en);
        draft.port = "x".into();
        draft.server = "smtp.example.nl".into();
        let filled = draft.filled(&saved()).unwrap();
        assert_eq!((filled.settings.port, filled.settings.server.as_str()), (587, "smtp.example.nl"));
    }

    #[test]
    fn an_access_code_is_kept_replaced_or_removed() {
        let mut draft = Draft::of(&saved(), Locale::en);
        assert_eq!(draft.filled(&saved()).unwrap().access_code, None);
        draft.forget_access_code = true;
        assert_eq!(draft.filled(&saved()).unwrap().access_code, Some(String::new()));
        draft.access_code = " with spaces ".into();
        assert_eq!(draft.filled(&saved()).unwrap().access_code.as_deref(), Some(" with spaces "));
    }

    #[test]
    fn two_versions_differ_in_some_fields_and_merge_field_by_field() {
        let stored = Draft::of(&saved(), Locale::nl);
        let mut mine = stored.clone();
        assert_eq!(mine.differing(&stored), []);
        (mine.shared, mine.server, mine.access_code) = (true, "smtp.example.nl".into(), "code".into());
        (mine.address, mine.message_size) = ("info@example.nl ".into(), "5,0".into());
        assert_eq!(mine.differing(&stored), [Field::Shared, Field::Server, Field::AccessCode]);
        let mut merged = stored.clone();
        for field in Field::ALL {
            merged.take(field, &mine);
        }
        assert_eq!(merged, mine);
    }

    #[test]
    fn an_authentication_belongs_to_address_kind_and_whose_sign_in_it_is() {
        let same = Draft::of(&saved(), Locale::nl);
        assert!(!same.ends_authentication(&saved()));
        assert!(Draft { shared: true, ..same.clone() }.ends_authentication(&saved()));
        assert!(Draft { kind: Kind::SmtpBasic, ..same.clone() }.ends_authentication(&saved()));
        assert!(!Draft { message_size: "9".into(), ..same }.ends_authentication(&saved()));
    }

    #[test]
    fn pointers_of_the_worker_find_their_field() {
        assert_eq!(Field::of_pointer("/settings/address"), Some(Field::Address));
        assert_eq!(Field::of_pointer("/settings/aliases/2"), Some(Field::Aliases));
        assert_eq!(Field::of_pointer("/settings/message_bytes_max"), Some(Field::MessageSize));
        assert_eq!(Field::of_pointer("/access_code"), Some(Field::AccessCode));
        assert_eq!(Field::of_pointer("/address"), Some(Field::Address));
        assert_eq!(Field::of_pointer("/elsewhere"), None);
    }
}
