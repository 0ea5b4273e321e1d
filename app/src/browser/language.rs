//! The reader's language: saved choice, then the browser's languages, then English. `static/theme.js` has the same order
//! for the moment before this starts.

use leptos::prelude::*;
use web_sys::window;

use super::{page, storage};
use crate::i18n::Locale;

const SAVED: &str = "language";

/// Every language with its own name for itself.
pub(crate) const LANGUAGES: [(Locale, &str, &str); 2] =
    [(Locale::nl, "nl", "Nederlands"), (Locale::en, "en", "English")];

/// The language of the page, as a signal.
#[derive(Clone, Copy)]
pub(crate) struct Language(RwSignal<Locale>);

impl Language {
    /// Decides it, and makes it known to every component below.
    pub(crate) fn provide() -> Self {
        let language = Self(RwSignal::new(choose(storage::lasting(SAVED).as_deref(), &of_browser())));
        Effect::new(move || page::set_language(language.tag()));
        provide_context(language);
        language
    }

    /// The one that [`Language::provide`] made known.
    pub(crate) fn here() -> Self {
        expect_context()
    }

    /// For the text macros; tracked.
    pub(crate) fn get(self) -> Locale {
        self.0.get()
    }

    pub(crate) fn get_untracked(self) -> Locale {
        self.0.get_untracked()
    }

    /// BCP 47; tracked.
    pub(crate) fn tag(self) -> &'static str {
        tag(self.get())
    }

    /// BCP 47 with the country, for dates: as the browser says it where it speaks this language, else European.
    pub(crate) fn region(self) -> String {
        let locale = self.get();
        let of_browser = of_browser().into_iter().find(|tag| tag.contains('-') && known(tag) == Some(locale));
        of_browser.unwrap_or_else(|| match locale {
            Locale::nl => "nl-NL".to_owned(),
            Locale::en => "en-GB".to_owned(),
        })
    }

    pub(crate) fn set(self, locale: Locale) {
        storage::keep_lasting(SAVED, tag(locale));
        self.0.set(locale);
    }
}

pub(crate) fn tag(locale: Locale) -> &'static str {
    match locale {
        Locale::nl => "nl",
        Locale::en => "en",
    }
}

fn of_browser() -> Vec<String> {
    let Some(window) = window() else { return Vec::new() };
    window.navigator().languages().iter().filter_map(|tag| tag.as_string()).collect()
}

fn choose(saved: Option<&str>, of_browser: &[String]) -> Locale {
    let mut wanted = saved.into_iter().chain(of_browser.iter().map(String::as_str));
    wanted.find_map(known).unwrap_or(Locale::en)
}

/// `nl-BE` is Dutch too.
fn known(tag: &str) -> Option<Locale> {
    let primary = tag.split('-').next()?.to_ascii_lowercase();
    LANGUAGES.iter().find(|(_, word, _)| *word == primary).map(|(locale, _, _)| *locale)
}

/// A text without values, as something that follows the language.
///
/// Behind a function pointer, so that all such texts are one type: as closures of their own, leptos would generate
/// rendering code for each of them.
pub(crate) fn text(
    language: Language,
    words: fn(Locale) -> &'static str,
) -> impl Fn() -> &'static str + Copy + Send + Sync + 'static {
    move || words(language.get())
}

/// A text in the page's language, as something that follows it: `t!(language, page.mailbox.title)`.
macro_rules! t {
    ($language:expr, $($key:ident).+) => {
        $crate::browser::language::text($language, |locale| leptos_i18n::td_string!(locale, $($key).+))
    };
    ($language:expr, $($text:tt)+) => {
        move || leptos_i18n::td_string!($language.get(), $($text)+)
    };
}
pub(crate) use t;

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(saved: Option<&str>, of_browser: &[&str]) -> &'static str {
        let of_browser: Vec<_> = of_browser.iter().map(|&tag| tag.to_owned()).collect();
        tag(choose(saved, &of_browser))
    }

    #[test]
    fn a_saved_choice_comes_first_then_the_browser_then_english() {
        assert_eq!(chosen(Some("en"), &["nl"]), "en");
        assert_eq!(chosen(None, &["fr", "nl-BE", "en"]), "nl");
        assert_eq!(chosen(Some("xx"), &["NL"]), "nl");
        assert_eq!(chosen(None, &["fr"]), "en");
    }
}
