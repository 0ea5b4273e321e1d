//! Words for the three kinds.

use api::Kind;
use leptos_i18n::td_string;

use crate::i18n::Locale;

pub(crate) const fn id(kind: Kind) -> &'static str {
    match kind {
        Kind::GraphOAuth2 => "kind-graph_oauth2",
        Kind::SmtpOAuth2 => "kind-smtp_oauth2",
        Kind::SmtpBasic => "kind-smtp_basic",
    }
}

pub(crate) fn name(locale: Locale, kind: Kind) -> &'static str {
    match kind {
        Kind::GraphOAuth2 => td_string!(locale, settings.kind.graph_oauth2),
        Kind::SmtpOAuth2 => td_string!(locale, settings.kind.smtp_oauth2),
        Kind::SmtpBasic => td_string!(locale, settings.kind.smtp_basic),
    }
}

pub(crate) fn about(locale: Locale, kind: Kind) -> &'static str {
    match kind {
        Kind::GraphOAuth2 => td_string!(locale, settings.kind.graph_oauth2_about),
        Kind::SmtpOAuth2 => td_string!(locale, settings.kind.smtp_oauth2_about),
        Kind::SmtpBasic => td_string!(locale, settings.kind.smtp_basic_about),
    }
}
