//! Words for what is wrong with a field.

use api::{KEPT_DAYS_MAX, MESSAGE_BYTES_SETTING_MAX, Security};
use leptos_i18n::td_string;

use super::{kind, size};
use crate::i18n::Locale;
use crate::settings::draft::Draft;
use crate::settings::field::{Field, Wrong};

pub(crate) fn label(locale: Locale, field: Field) -> &'static str {
    match field {
        Field::Kind => td_string!(locale, settings.kind.label),
        Field::Address => td_string!(locale, settings.address),
        Field::Aliases => td_string!(locale, settings.aliases),
        Field::Shared => td_string!(locale, settings.shared),
        Field::Server => td_string!(locale, settings.server),
        Field::Port => td_string!(locale, settings.port),
        Field::Security => td_string!(locale, settings.security),
        Field::ServerAuthentication => td_string!(locale, settings.server_authentication),
        Field::UserName => td_string!(locale, settings.user_name),
        Field::AccessCode => td_string!(locale, settings.access_code),
        Field::RelayUrl => td_string!(locale, settings.relay.url),
        Field::RelayId => td_string!(locale, settings.relay.id),
        Field::RelayKey => td_string!(locale, settings.relay.key),
        Field::MessageSize => td_string!(locale, settings.message_size),
        Field::ContentDays => td_string!(locale, settings.keeping.content),
        Field::LogDays => td_string!(locale, settings.keeping.log),
        Field::RepeatUnknown => td_string!(locale, settings.keeping.repeat),
    }
}

/// The value of a field as a person reads it, on one line; `code_stored` says whether an access code is stored.
pub(crate) fn value(locale: Locale, field: Field, draft: &Draft, code_stored: bool) -> String {
    let text = |text: &str| match text.trim() {
        "" => td_string!(locale, settings.conflict.nothing).to_owned(),
        text => text.split('\n').map(str::trim).collect::<Vec<_>>().join(", "),
    };
    let days = |days: &str| format!("{} {}", days.trim(), td_string!(locale, settings.keeping.unit));
    let yes_or_no = |yes| {
        let word = if yes {
            td_string!(locale, settings.conflict.yes)
        } else {
            td_string!(locale, settings.conflict.no)
        };
        word.to_owned()
    };
    match field {
        Field::Kind => kind::name(locale, draft.kind).to_owned(),
        Field::Address => text(&draft.address),
        Field::Aliases => text(&draft.aliases),
        Field::Shared => yes_or_no(draft.shared),
        Field::Server => text(&draft.server),
        Field::Port => text(&draft.port),
        Field::Security => security(locale, draft.security).to_owned(),
        Field::ServerAuthentication => yes_or_no(draft.server_authentication),
        Field::UserName => text(&draft.user_name),
        // Never the code itself: it is not shown anywhere else either.
        Field::AccessCode if !draft.access_code.is_empty() => {
            td_string!(locale, settings.conflict.code).to_owned()
        }
        Field::AccessCode if code_stored && !draft.forget_access_code => {
            td_string!(locale, settings.conflict.code_stored).to_owned()
        }
        Field::AccessCode => td_string!(locale, settings.conflict.code_none).to_owned(),
        Field::RelayUrl if draft.by_relay => text(&draft.relay_url),
        Field::RelayId if draft.by_relay => text(&draft.relay_id),
        Field::RelayUrl | Field::RelayId => text(""),
        Field::RelayKey if draft.relay_key.is_empty() => text(""),
        Field::RelayKey => td_string!(locale, settings.relay.typed).to_owned(),
        Field::MessageSize => format!("{} MB", draft.message_size.trim()),
        Field::ContentDays => days(&draft.content_days),
        Field::LogDays => days(&draft.log_days),
        Field::RepeatUnknown => yes_or_no(draft.repeat_unknown),
    }
}

pub(crate) fn security(locale: Locale, security: Security) -> &'static str {
    match security {
        Security::None => td_string!(locale, settings.security_none),
        Security::Starttls => td_string!(locale, settings.security_starttls),
        Security::Tls => td_string!(locale, settings.security_tls),
    }
}

/// What is wrong and how to mend it.
pub(crate) fn wrong(locale: Locale, field: Field, wrong: &Wrong) -> String {
    match wrong {
        Wrong::AddressForm => td_string!(locale, field.address_form).to_owned(),
        Wrong::AliasForm(alias) => td_string!(locale, field.alias_form, alias = alias.clone()),
        Wrong::ServerMissing => td_string!(locale, field.server_missing).to_owned(),
        Wrong::PortRange => td_string!(locale, field.port_range).to_owned(),
        Wrong::RelayUrlForm => td_string!(locale, field.relay_url_form).to_owned(),
        Wrong::RelayIdMissing => td_string!(locale, field.relay_id_missing).to_owned(),
        Wrong::UserNameMissing => td_string!(locale, field.user_name_missing).to_owned(),
        Wrong::SizeForm => td_string!(locale, field.size_form).to_owned(),
        Wrong::SizeRange => td_string!(
            locale,
            field.size_range,
            min = size::megabytes(size::MIN_BYTES, locale),
            max = size::megabytes(MESSAGE_BYTES_SETTING_MAX, locale)
        ),
        Wrong::DaysRange(min) => td_string!(locale, field.days_range, min = *min, max = KEPT_DAYS_MAX),
        Wrong::LogShort(min) => td_string!(locale, field.log_short, min = *min),
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
        Field::Shared => td_string!(locale, field.refused.shared),
        Field::Server => td_string!(locale, field.refused.server),
        Field::Port => td_string!(locale, field.refused.port),
        Field::Security => td_string!(locale, field.refused.security),
        Field::ServerAuthentication => td_string!(locale, field.refused.server_authentication),
        Field::UserName => td_string!(locale, field.refused.user_name),
        Field::AccessCode => td_string!(locale, field.refused.access_code),
        Field::RelayUrl => td_string!(locale, field.refused.relay_url),
        Field::RelayId => td_string!(locale, field.refused.relay_id),
        Field::RelayKey => td_string!(locale, field.refused.relay_key),
        Field::MessageSize => td_string!(locale, field.refused.message_size),
        Field::ContentDays => td_string!(locale, field.refused.content_days),
        Field::LogDays => td_string!(locale, field.refused.log_days),
        Field::RepeatUnknown => td_string!(locale, field.refused.repeat_unknown),
    }
}
