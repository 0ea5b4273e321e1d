use api::{
    Code, FieldError, KEPT_DAYS_MAX, Kind, LOG_DAYS_MIN, MESSAGE_BYTES_SETTING_MAX, MailboxSettings, Problem,
};
use mail::EmailAddress;

use super::{Reach, out_of_reach};

/// Further addresses that one mailbox can list; Exchange allows more, nobody types more.
const ALIASES_MAX: usize = 50;
/// Longest host name (RFC 1035 section 2.3.4).
const SERVER_CHARS_MAX: usize = 253;
/// Longest id of a relay.
const RELAY_ID_CHARS_MAX: usize = 64;
/// Longest user name.
const USER_NAME_CHARS_MAX: usize = 320;
/// Smallest message size that still is a mail, in bytes.
const MESSAGE_BYTES_MIN: u64 = 10 * 1024;

/// Checks what a person typed on the E-mail server page; everything that is wrong, at once.
pub fn check_settings(settings: &MailboxSettings, reach: Reach) -> Result<(), Problem> {
    let mut errors = Vec::new();
    let mut wrong = |field: &str, detail: &str| {
        errors.push(FieldError { pointer: format!("/settings/{field}"), detail: detail.to_owned() });
    };
    if settings.address.parse::<EmailAddress>().is_err() {
        wrong("address", "an address looks like facturen@example.nl");
    }
    if settings.aliases.len() > ALIASES_MAX {
        wrong("aliases", "a mailbox lists at most 50 aliases");
    }
    for (index, alias) in settings.aliases.iter().enumerate() {
        if alias.parse::<EmailAddress>().is_err() {
            wrong(&format!("aliases/{index}"), "an address looks like verkoop@example.nl");
        }
    }
    if !(MESSAGE_BYTES_MIN..=MESSAGE_BYTES_SETTING_MAX).contains(&settings.message_bytes_max) {
        wrong("message_bytes_max", "the message size is between 10 kB and 150 MB");
    }
    if settings.content_days > KEPT_DAYS_MAX {
        wrong("content_days", "content is kept for at most 365 days; 0 deletes it when it is handed over");
    }
    if !(LOG_DAYS_MIN..=KEPT_DAYS_MAX).contains(&settings.log_days)
        || settings.log_days < settings.content_days
    {
        wrong("log_days", "the log is kept for 7 to 365 days, and no shorter than the content");
    }
    let line = |text: &str, max: usize| !text.chars().any(char::is_control) && text.chars().count() <= max;
    let has_relay = !settings.relay_url.trim().is_empty();
    if settings.kind == Kind::SmtpBasic {
        if has_relay && !is_relay_url(settings.relay_url.trim()) {
            wrong("relay_url", "a relay is reached at https:// and its name, e.g. https://relay.example.nl");
        }
        if has_relay && settings.relay_id.trim().is_empty() {
            wrong("relay_id", "the relay's name is missing: what its RELAY_ID says");
        }
        let reach = if has_relay { Reach::Relay } else { reach };
        if settings.server.trim().is_empty() {
            wrong("server", "the name of the mail server is missing, e.g. smtp.example.nl");
        }
        if let Some((field, detail)) = out_of_reach(&settings.server, settings.port, reach) {
            wrong(field, detail);
        }
        if settings.server_authentication && settings.user_name.trim().is_empty() {
            wrong("user_name", "a server that requires authentication needs a user name");
        }
    }
    if !line(&settings.server, SERVER_CHARS_MAX) || settings.server.contains([' ', '/', '@']) {
        wrong("server", "a mail server is a host name such as smtp.example.nl, without https:// or spaces");
    }
    if !line(&settings.user_name, USER_NAME_CHARS_MAX) {
        wrong("user_name", "a user name is one line of at most 320 characters");
    }
    let is_id = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if settings.relay_id.len() > RELAY_ID_CHARS_MAX || !settings.relay_id.trim().chars().all(is_id) {
        wrong("relay_id", "a relay's name has letters, digits, - and _ only, at most 64");
    }
    if settings.port == 0 {
        wrong("port", "a port is between 1 and 65535");
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Problem::new(Code::FieldsRefused, "the settings were not saved").with_errors(errors))
    }
}

/// Scheme and host, and nothing that a key or password could go astray by.
fn is_relay_url(text: &str) -> bool {
    let Ok(url) = url::Url::parse(text) else { return false };
    let is_safe = url.scheme() == "https" || url.scheme() == "http" && url.host_str() == Some("localhost");
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    is_safe && is_bare && url.username().is_empty() && url.password().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(settings: &MailboxSettings) -> Vec<String> {
        check_settings(settings, Reach::Internet)
            .err()
            .into_iter()
            .flat_map(|p| p.errors.clone())
            .map(|error| error.pointer)
            .collect()
    }

    #[test]
    fn a_new_mailbox_is_in_order() {
        assert_eq!(check_settings(&MailboxSettings::new("a@b.nl"), Reach::Internet), Ok(()));
    }

    #[test]
    fn each_kind_asks_for_its_own_fields() {
        let basic = MailboxSettings { kind: Kind::SmtpBasic, ..MailboxSettings::new("a@b.nl") };
        assert_eq!(pointers(&basic), ["/settings/server", "/settings/user_name"]);
        let open = MailboxSettings { server: "smtp.b.nl".into(), server_authentication: false, ..basic };
        assert!(pointers(&open).is_empty());
    }

    #[test]
    fn a_relay_is_named_whole_and_leads_anywhere() {
        let inside = MailboxSettings {
            kind: Kind::SmtpBasic,
            server: "mail.internal".into(),
            port: 2525,
            server_authentication: false,
            ..MailboxSettings::new("a@b.nl")
        };
        assert_eq!(pointers(&inside), ["/settings/server"]);
        let relayed = |url: &str, id: &str| {
            pointers(&MailboxSettings { relay_url: url.into(), relay_id: id.into(), ..inside.clone() })
        };
        for url in ["https://relay.b.nl", "https://relay.b.nl:8443/", "http://localhost:8025"] {
            assert!(relayed(url, "kantoor").is_empty(), "{url}");
        }
        for url in [
            "relay.b.nl",
            "http://relay.b.nl",
            "https://a:b@relay.b.nl",
            "https://relay.b.nl/x",
            "https://relay.b.nl?x",
        ] {
            assert_eq!(relayed(url, "kantoor"), ["/settings/relay_url"], "{url}");
        }
        assert_eq!(relayed("https://relay.b.nl", " "), ["/settings/relay_id"]);
        assert_eq!(relayed("https://relay.b.nl", "kan toor"), ["/settings/relay_id"]);
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let settings = MailboxSettings {
            aliases: vec!["c@d.nl".into(), "e".into()],
            server: "https://x y".into(),
            port: 0,
            message_bytes_max: 1,
            content_days: 366,
            log_days: 6,
            ..MailboxSettings::new("a")
        };
        assert_eq!(
            pointers(&settings),
            ["address", "aliases/1", "message_bytes_max", "content_days", "log_days", "server", "port"]
                .map(|field| format!("/settings/{field}"))
        );
    }
}
