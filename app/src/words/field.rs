//! Words for what is wrong with a field.

use api::MESSAGE_BYTES_SETTING_MAX;
use leptos_i18n::td_string;

use super::size;
use crate::i18n::Locale;
use crate::settings::draft::{Field, Wrong};

pub(crate) fn label(locale: Locale, field: Field) -> &'static str {
    match field {
        Field::Kind => td_string!(locale, settings.kind.label),
        Field::Address => td_string!(locale, settings.address),
        Field::Aliases => td_string!(locale, settings.aliases),
        Field::Server => td_string!(locale, settings.server),
        Field::Port => td_string!(locale, settings.port),
        Field::Security => td_string!(locale, settings.security),
        Field::ServerAuthentication => td_string!(locale, settings.server_authentication),
        Field::UserName => td_string!(locale, settings.user_name),
        Field::AccessCode => td_string!(locale, settings.access_code),
        Field::MessageSize => td_string!(locale, settings.message_size),
    }
}

/// What is wrong and how to mend it.
pub(crate) fn wrong(locale: Locale, field: Field, wrong: &Wrong) -> String {
    match wrong {
        Wrong::AddressForm => td_string!(locale, field.address_form).to_owned(),
        Wrong::AliasForm(alias) => td_string!(locale, field.alias_form, alias = alias.clone()),
        Wrong::ServerMissing => td_string!(locale, field.server_missing).to_owned(),
        Wrong::PortRange => td_string!(locale, field.port_range).to_owned(),
        Wrong::UserNameMissing => td_string!(locale, field.user_name_missing).to_owned(),
        Wrong::SizeForm => td_string!(locale, field.size_form).to_owned(),
        Wrong::SizeRange => td_string!(
            locale,
            field.size_range,
            min = size::megabytes(size::MIN_BYTES, locale),
            max = size::megabytes(MESSAGE_BYTES_SETTING_MAX, locale)
        ),
        // The Worker's own sentence is more exact, but English: `api::FieldError` has no code to translate by.
        Wrong::Refused(detail) if locale == Locale::en => detail.clone(),
        Wrong::Refused(_) => refused(locale, field).to_owned(),
    }
}

fn refused(locale: Locale, field: Field) -> &'static str {
    match field {
        Field::Kind => td_string!(locale, field.refused.kind),
        Field::Address => td_string!(locale, field.refused.address),
        Field::Aliases => td_string!(locale, field.refused.aliases),
        Field::Server => td_string!(locale, field.refused.server),
        Field::Port => td_string!(locale, field.refused.port),
        Field::Security => td_string!(locale, field.refused.security),
        Field::ServerAuthentication => td_string!(locale, field.refused.server_authentication),
        Field::UserName => td_string!(locale, field.refused.user_name),
        Field::AccessCode => td_string!(locale, field.refused.access_code),
        Field::MessageSize => td_string!(locale, field.refused.message_size),
    }
}
