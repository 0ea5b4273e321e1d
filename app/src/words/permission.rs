//! Permissions as a person reads them, and what they do not allow.

use leptos_i18n::td_string;

use crate::i18n::Locale;

/// `https://graph.microsoft.com/Mail.Send` is `Mail.Send`.
pub(crate) fn short(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// What the permissions allow, each thing once, in the order of their names.
pub(crate) fn allowed(locale: Locale, names: &[String]) -> Vec<String> {
    let mut sentences = Vec::new();
    for name in names {
        let sentence = match short(name) {
            "Mail.Send" => td_string!(locale, status.permission.send).to_owned(),
            "Mail.Send.Shared" => td_string!(locale, status.permission.send_shared).to_owned(),
            "SMTP.Send" => td_string!(locale, status.permission.smtp).to_owned(),
            "Mail.ReadWrite" => td_string!(locale, status.permission.drafts).to_owned(),
            "openid" | "profile" | "email" | "User.Read" => {
                td_string!(locale, status.permission.profile).to_owned()
            }
            "offline_access" => td_string!(locale, status.permission.stay).to_owned(),
            other => other.to_owned(),
        };
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences
}

/// What they do not allow. That mail can't be read is only said where it is so.
pub(crate) fn not_allowed(locale: Locale, names: &[String]) -> Vec<&'static str> {
    const ONLY_SENDING: [&str; 8] = [
        "openid",
        "profile",
        "email",
        "offline_access",
        "User.Read",
        "Mail.Send",
        "Mail.Send.Shared",
        "SMTP.Send",
    ];
    let only_sending = names.iter().all(|name| ONLY_SENDING.contains(&short(name)));
    let not_read = only_sending.then(|| td_string!(locale, status.permission.not_read));
    not_read.into_iter().chain([td_string!(locale, status.permission.no_password)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn each_thing_is_said_once() {
        let names =
            names(&["openid", "profile", "https://graph.microsoft.com/User.Read", "Mail.Send", "Odd"]);
        for locale in [Locale::nl, Locale::en] {
            let said = allowed(locale, &names);
            assert_eq!((said.len(), said[2].as_str()), (3, "Odd"));
        }
    }

    #[test]
    fn reading_is_only_denied_where_it_is_not_asked() {
        let sending = names(&["openid", "offline_access", "https://graph.microsoft.com/Mail.Send"]);
        assert_eq!(not_allowed(Locale::en, &sending).len(), 2);
        for more in ["Mail.ReadWrite", "Something.New"] {
            let names = [sending.clone(), names(&[more])].concat();
            assert_eq!(not_allowed(Locale::en, &names).len(), 1, "{more}");
        }
    }
}
