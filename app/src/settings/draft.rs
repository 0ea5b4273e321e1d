//! What is typed in the form, as text, and how it becomes settings. Nothing here knows the page.

use api::{KEPT_DAYS_MAX, Kind, LOG_DAYS_MIN, MESSAGE_BYTES_SETTING_MAX, MailboxSettings, Security};

use super::field::{Field, Wrong};
use crate::i18n::Locale;
use crate::words::size;

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
    pub(crate) content_days: String,
    pub(crate) log_days: String,
    pub(crate) repeat_unknown: bool,
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
            content_days: settings.content_days.to_string(),
            log_days: settings.log_days.to_string(),
            repeat_unknown: settings.repeat_unknown,
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
    pub(super) fn relay(&self) -> (&str, &str) {
        if self.by_relay { (self.relay_url.trim(), self.relay_id.trim()) } else { ("", "") }
    }

    /// Whether no authentication would be left: it belongs to an address, a kind and whose sign-in it is.
    pub(crate) fn ends_authentication(&self, saved: &MailboxSettings) -> bool {
        self.address.trim() != saved.address || self.kind != saved.kind || self.shared != saved.shared
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
            content_days: saved.content_days,
            log_days: saved.log_days,
            repeat_unknown: self.repeat_unknown,
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
        match days(&self.content_days) {
            Some(days) => settings.content_days = days,
            None => wrong.push((Field::ContentDays, Wrong::DaysRange(0))),
        }
        match days(&self.log_days).filter(|days| *days >= LOG_DAYS_MIN) {
            // Beside a field that can't be read there is nothing to compare with.
            Some(kept) if days(&self.content_days).is_some_and(|content| kept < content) => {
                wrong.push((Field::LogDays, Wrong::LogShort(settings.content_days)));
            }
            Some(days) => settings.log_days = days,
            None => wrong.push((Field::LogDays, Wrong::DaysRange(LOG_DAYS_MIN))),
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

/// A whole number of days, as long as anything can be kept.
fn days(typed: &str) -> Option<u16> {
    typed.trim().parse().ok().filter(|days| *days <= KEPT_DAYS_MAX)
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
    fn the_list_is_kept_no_shorter_than_the_content() {
        let untouched = Draft::of(&saved(), Locale::nl);
        let judged = |content: &str, log: &str| {
            let (content_days, log_days) = (content.to_owned(), log.to_owned());
            let filled = Draft { content_days, log_days, ..untouched.clone() }.filled(&saved());
            filled.map(|filled| (filled.settings.content_days, filled.settings.log_days))
        };
        assert_eq!(judged(" 7 ", "365"), Ok((7, 365)));
        assert_eq!(judged("30", "30"), Ok((30, 30)));
        assert_eq!(judged("31", "30"), Err(vec![(Field::LogDays, Wrong::LogShort(31))]));
        assert_eq!(judged("0", "6"), Err(vec![(Field::LogDays, Wrong::DaysRange(LOG_DAYS_MIN))]));
        for text in ["", "-1", "1,5", "366", "een week"] {
            assert_eq!(judged(text, "30"), Err(vec![(Field::ContentDays, Wrong::DaysRange(0))]), "{text}");
            assert_eq!(
                judged("0", text),
                Err(vec![(Field::LogDays, Wrong::DaysRange(LOG_DAYS_MIN))]),
                "{text}"
            );
        }
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
    fn an_authentication_belongs_to_address_kind_and_whose_sign_in_it_is() {
        let same = Draft::of(&saved(), Locale::nl);
        assert!(!same.ends_authentication(&saved()));
        assert!(Draft { shared: true, ..same.clone() }.ends_authentication(&saved()));
        assert!(Draft { kind: Kind::SmtpBasic, ..same.clone() }.ends_authentication(&saved()));
        assert!(!Draft { message_size: "9".into(), ..same }.ends_authentication(&saved()));
    }
}
