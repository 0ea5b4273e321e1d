//! Words for messages that ended without being handed over for certain.

use api::Attention;
use leptos_i18n::td_string;

use crate::i18n::Locale;

/// What was refused, and what to do about it.
pub(crate) fn refused(locale: Locale, attention: &Attention) -> Option<String> {
    match attention.refused {
        0 => None,
        1 => Some(td_string!(locale, status.attention.refused_single).to_owned()),
        count => Some(td_string!(locale, status.attention.refused_many, count = count)),
    }
}

/// What may have been sent, and what to do about it.
pub(crate) fn unknown(locale: Locale, attention: &Attention) -> Option<String> {
    match attention.unknown {
        0 => None,
        1 => Some(td_string!(locale, status.attention.unknown_single).to_owned()),
        count => Some(td_string!(locale, status.attention.unknown_many, count = count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_as_people_do() {
        for locale in [Locale::nl, Locale::en] {
            for words in [refused, unknown] {
                let of = |count| words(locale, &Attention { refused: count, unknown: count, since: None });
                assert_eq!(of(0), None);
                assert!(of(1).unwrap().starts_with("1 ") && of(12).unwrap().starts_with("12 "));
                assert_ne!(of(1).unwrap().get(1..), of(12).unwrap().get(2..));
            }
        }
    }
}
