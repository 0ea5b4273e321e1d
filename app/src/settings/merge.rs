//! Two versions of the form: where they differ, and one out of both.

use super::draft::Draft;
use super::field::Field;
use crate::words::size;

impl Draft {
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
            Field::ContentDays => self.content_days.trim() != other.content_days.trim(),
            Field::LogDays => self.log_days.trim() != other.log_days.trim(),
            Field::RepeatUnknown => self.repeat_unknown != other.repeat_unknown,
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
            Field::ContentDays => self.content_days.clone_from(&other.content_days),
            Field::LogDays => self.log_days.clone_from(&other.log_days),
            Field::RepeatUnknown => self.repeat_unknown = other.repeat_unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use api::MailboxSettings;

    use super::*;
    use crate::i18n::Locale;

    #[test]
    fn two_versions_differ_in_some_fields_and_merge_field_by_field() {
        let stored = Draft::of(&MailboxSettings::new("info@example.nl"), Locale::nl);
        let mut mine = stored.clone();
        assert_eq!(mine.differing(&stored), []);
        (mine.shared, mine.server, mine.access_code) = (true, "smtp.example.nl".into(), "code".into());
        (mine.address, mine.message_size) = ("info@example.nl ".into(), "5,0".into());
        (mine.content_days, mine.log_days, mine.repeat_unknown) = ("7".into(), " 30".into(), true);
        let expected =
            [Field::Shared, Field::Server, Field::AccessCode, Field::ContentDays, Field::RepeatUnknown];
        assert_eq!(mine.differing(&stored), expected);
        let mut merged = stored.clone();
        for field in Field::ALL {
            merged.take(field, &mine);
        }
        assert_eq!(merged, mine);
    }
}
