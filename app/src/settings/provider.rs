//! Mail servers that many people have, and what there is to know about them.

use api::{Kind, Security};
use leptos::prelude::*;

use super::draft::Draft;
use super::field::Field;
use crate::browser::language::t;
use crate::mailbox::Desk;

/// Where Google makes a password for one program (Google: Sign in with app passwords).
const GOOGLE_APP_PASSWORDS: &str = "https://myaccount.google.com/apppasswords";

/// Whose a mail server is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    Microsoft365,
    Gmail,
}

impl Provider {
    pub(crate) fn of(server: &str) -> Option<Self> {
        let server = server.trim().trim_end_matches('.').to_ascii_lowercase();
        let within = |zones: &[&str]| {
            zones.iter().any(|zone| {
                server.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            })
        };
        match () {
            () if within(&["office365.com", "office365.us", "outlook.com", "outlook.cn"]) => {
                Some(Self::Microsoft365)
            }
            () if within(&["gmail.com", "googlemail.com"]) => Some(Self::Gmail),
            () => None,
        }
    }
}

/// Gmail's server, with the mailbox's own address as the user name (Google: Gmail SMTP settings).
fn fill_in_gmail(draft: &mut Draft) {
    draft.server = String::from("smtp.gmail.com");
    draft.port = String::from("587");
    draft.security = Security::Starttls;
    draft.server_authentication = true;
    draft.user_name = draft.address.trim().to_owned();
}

/// What belongs to the server whose name is typed; while there is none, one that can be filled in.
#[component]
pub(crate) fn ProviderHint() -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    let server = Memo::new(move |_| desk.draft.with(|draft| draft.server.trim().to_owned()));
    let provider = Memo::new(move |_| server.with(|server| Provider::of(server)));
    let choose = move |kind| desk.draft.update(|draft| draft.kind = kind);
    let gmail = move || {
        desk.draft.update(fill_in_gmail);
        // What was missing there is filled in now.
        let filled_in = |at: Field| matches!(at, Field::Server | Field::Port | Field::UserName);
        desk.wrong.update(|all| all.retain(|(at, _)| !filled_in(*at)));
    };
    move || match provider.get() {
        Some(Provider::Microsoft365) => view! {
            <div class="hint" data-tone="attention" id="microsoft-retires" role="status">
                <p>{t!(language, settings.microsoft_retires)}</p>
                <p class="actions">
                    <button type="button" class="button button--small" id="choose-graph"
                        on:click=move |_| choose(Kind::GraphOAuth2)>
                        {t!(language, settings.choose_graph)}
                    </button>
                    <button type="button" class="button button--small" id="choose-smtp-oauth2"
                        on:click=move |_| choose(Kind::SmtpOAuth2)>
                        {t!(language, settings.choose_smtp_oauth2)}
                    </button>
                </p>
            </div>
        }
        .into_any(),
        Some(Provider::Gmail) => view! {
            <p class="hint" id="gmail-hint">
                {t!(language, settings.gmail_hint)}" "
                <a href=GOOGLE_APP_PASSWORDS target="_blank" rel="noopener noreferrer">
                    {t!(language, settings.gmail_link)}
                </a>
            </p>
        }
        .into_any(),
        None if server.with(String::is_empty) => view! {
            <p>
                <button type="button" class="button button--small" id="fill-in-gmail"
                    on:click=move |_| gmail()>
                    {t!(language, settings.gmail_fill)}
                </button>
            </p>
        }
        .into_any(),
        None => ().into_any(),
    }
}

#[cfg(test)]
mod tests {
    use api::MailboxSettings;

    use super::*;
    use crate::i18n::Locale;

    #[test]
    fn servers_are_known_by_their_zone() {
        for server in [
            "smtp.office365.com",
            " SMTP-MAIL.Outlook.com. ",
            "x.mail.protection.outlook.com",
            "office365.com",
        ] {
            assert_eq!(Provider::of(server), Some(Provider::Microsoft365), "{server}");
        }
        assert_eq!(Provider::of("smtp.gmail.com"), Some(Provider::Gmail));
        for server in ["", "smtp.example.nl", "notoffice365.com", "gmail.com.example.nl"] {
            assert_eq!(Provider::of(server), None, "{server}");
        }
    }

    #[test]
    fn gmail_is_filled_in_whole() {
        let settings = MailboxSettings { kind: Kind::SmtpBasic, ..MailboxSettings::new("jansen@gmail.com") };
        let mut draft = Draft::of(&settings, Locale::nl);
        fill_in_gmail(&mut draft);
        let filled = draft.filled(&settings).unwrap().settings;
        assert_eq!(
            (&*filled.server, filled.port, &*filled.user_name),
            ("smtp.gmail.com", 587, "jansen@gmail.com")
        );
        assert_eq!(Provider::of(&filled.server), Some(Provider::Gmail));
    }
}
