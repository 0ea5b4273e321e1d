//! Ready-made letters to an administrator, whole in one language, from what the page knows. Nothing here reads a clock.

use api::{Code, MailboxView, Reason, Timestamp, Upstream};
use leptos_i18n::td_string;

use super::{permission, problem, reason};
use crate::i18n::Locale;

/// What an administrator needs to find the case at Microsoft.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Case {
    pub(crate) mailbox: String,
    pub(crate) account: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) tenant: Option<String>,
    pub(crate) seen: Option<Seen>,
}

/// What Microsoft answered, and when.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) code: Code,
    pub(crate) reason: Option<Reason>,
    pub(crate) upstream: Option<Upstream>,
    pub(crate) at: Timestamp,
}

impl Case {
    /// The line of Exchange Online PowerShell that mends it, where one line does.
    pub(crate) fn command(&self) -> Option<String> {
        let (seen, account) = (self.seen.as_ref()?, self.account.as_ref()?);
        match (seen.code, seen.reason) {
            (Code::SendAsDenied, _) => Some(send_as(&self.mailbox, account)),
            (_, Some(Reason::SmtpAuthOffMailbox | Reason::SmtpAuthOffOrganisation)) => {
                Some(smtp_auth_on(account))
            }
            _ => None,
        }
    }

    pub(crate) fn of(view: &MailboxView) -> Self {
        let asked = view.approval.as_ref().and_then(|approval| approval.tenant.clone());
        let signed_in = view.authentication.as_ref();
        Self {
            mailbox: view.settings.address.clone(),
            account: signed_in.map(|it| it.account.address.clone()),
            client_id: view.registration.as_ref().map(|it| it.client_id.clone()),
            tenant: asked.or_else(|| signed_in.map(|it| it.tenant.clone())),
            seen: view.trouble.as_ref().map(|it| Seen {
                code: it.code,
                reason: it.reason,
                upstream: it.upstream.clone(),
                at: it.since,
            }),
        }
    }

    /// One fact on each line, those that are known.
    fn facts(&self, locale: Locale) -> Vec<String> {
        let mut lines = vec![td_string!(locale, letter.mailbox, value = self.mailbox.clone())];
        let known = |value: &Option<String>| value.clone().into_iter();
        lines.extend(known(&self.account).map(|value| td_string!(locale, letter.account, value = value)));
        lines.extend(known(&self.client_id).map(|value| td_string!(locale, letter.client, value = value)));
        lines.extend(known(&self.tenant).map(|value| td_string!(locale, letter.tenant, value = value)));
        lines
    }

    fn microsofts(&self, locale: Locale) -> Vec<String> {
        let Some(seen) = &self.seen else { return Vec::new() };
        let mut lines = Vec::new();
        if let Some(upstream) = &seen.upstream {
            let known = |value: &Option<String>| value.clone().into_iter();
            lines.extend(known(&upstream.code).map(|value| td_string!(locale, letter.code, value = value)));
            let request = known(&upstream.request_id);
            lines.extend(request.map(|value| td_string!(locale, letter.request, value = value)));
        }
        lines.push(td_string!(locale, letter.time, value = seen.at.to_string()));
        lines
    }
}

/// The letter that asks for approval: everything that an administrator may want to know.
pub(crate) fn approval(locale: Locale, case: &Case, link: &str, permissions: &[String]) -> String {
    let names = permissions.iter().map(|name| permission::short(name)).collect::<Vec<_>>().join(", ");
    let mut can: Vec<String> =
        permission::allowed(locale, permissions).into_iter().map(|line| format!("- {line}")).collect();
    can.extend(permission::not_allowed(locale, permissions).into_iter().map(|line| format!("- {line}")));
    let mut facts = case.facts(locale);
    facts.push(td_string!(locale, letter.permissions, value = names));
    facts.extend(case.microsofts(locale));
    paragraphs(&[
        td_string!(locale, letter.approval.intro, mailbox = case.mailbox.clone()),
        format!("{}\n{link}", td_string!(locale, letter.approval.ask)),
        td_string!(locale, letter.approval.who).to_owned(),
        can.join("\n"),
        facts.join("\n"),
        td_string!(locale, letter.approval.then).to_owned(),
    ])
}

/// The same as an address for a mail program, with less in it: some cut addresses at about 2,000 characters.
pub(crate) fn approval_address(locale: Locale, case: &Case, link: &str) -> String {
    let body = paragraphs(&[
        td_string!(locale, letter.approval.intro, mailbox = case.mailbox.clone()),
        format!("{}\n{link}", td_string!(locale, letter.approval.ask)),
        td_string!(locale, letter.approval.short).to_owned(),
        td_string!(locale, letter.approval.then).to_owned(),
    ]);
    mailto(&td_string!(locale, letter.approval.subject, mailbox = case.mailbox.clone()), &body)
}

/// The letter that says what is in the way, and what must change.
pub(crate) fn blocked(locale: Locale, case: &Case) -> String {
    let look_up = td_string!(locale, letter.blocked.look_up).to_owned();
    let (sentence, step) = match &case.seen {
        None => (None, look_up),
        Some(seen) => {
            let (sentence, step) = problem::why(locale, seen.code, seen.reason);
            let told = reason::telling(seen.code, seen.reason).is_some();
            // Without a reason, the step of the page tells its reader to write this very letter.
            let unknown = !told && seen.code == Code::AdministratorNeeded;
            (Some(sentence), if unknown { look_up } else { step })
        }
    };
    let command = case.command().map(|line| td_string!(locale, letter.blocked.send_as, line = line));
    let what = sentence.map(|sentence| td_string!(locale, letter.blocked.what, sentence = sentence));
    let change = td_string!(locale, letter.blocked.change, step = step);
    let facts = [case.facts(locale), case.microsofts(locale)].concat();
    paragraphs(&[
        td_string!(locale, letter.blocked.intro, mailbox = case.mailbox.clone()),
        what.into_iter().chain([change]).chain(command).collect::<Vec<_>>().join("\n"),
        facts.join("\n"),
        td_string!(locale, letter.blocked.then).to_owned(),
    ])
}

/// The line of Exchange Online PowerShell that lets an account submit by SMTP. A mailbox's own switch overrides the
/// organisation's, so this one is enough for both (Microsoft: authenticated-client-smtp-submission).
fn smtp_auth_on(account: &str) -> String {
    format!("Set-CASMailbox -Identity {account} -SmtpClientAuthenticationDisabled $false")
}

/// The line of Exchange Online PowerShell that lets somebody send as a mailbox.
pub(crate) fn send_as(mailbox: &str, account: &str) -> String {
    format!("Add-RecipientPermission -Identity {mailbox} -Trustee {account} -AccessRights SendAs")
}

fn paragraphs(parts: &[String]) -> String {
    parts.join("\n\n")
}

/// RFC 6068: everything but letters, digits and `-._~` is percent-encoded, and lines end with CR and LF.
fn mailto(subject: &str, body: &str) -> String {
    format!("mailto:?subject={}&body={}", encoded(subject), encoded(&body.replace('\n', "\r\n")))
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for half in [byte >> 4, byte & 15] {
                encoded.push(char::from_digit(u32::from(half), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://login.microsoftonline.com/22222222-2222-2222-2222-222222222222/v2.0/adminconsent\
        ?client_id=11111111-1111-1111-1111-111111111111&scope=openid+profile+email+offline_access\
        +https%3A%2F%2Fgraph.microsoft.com%2FUser.Read+https%3A%2F%2Fgraph.microsoft.com%2FMail.Send\
        +https%3A%2F%2Fgraph.microsoft.com%2FMail.Send.Shared+https%3A%2F%2Foutlook.office.com%2FSMTP.Send\
        &redirect_uri=https%3A%2F%2Fmail.example.com%2Foauth%2Fapproved&state=x";

    fn case() -> Case {
        Case {
            mailbox: "facturen@example.nl".into(),
            account: Some("anna@example.nl".into()),
            client_id: Some("11111111-1111-1111-1111-111111111111".into()),
            tenant: Some("22222222-2222-2222-2222-222222222222".into()),
            seen: Some(Seen {
                code: Code::AdministratorNeeded,
                reason: Some(Reason::AccessPolicy),
                upstream: Some(Upstream {
                    status: 400,
                    code: Some("AADSTS53003".into()),
                    message: None,
                    request_id: Some("33333333-3333-3333-3333-333333333333".into()),
                }),
                at: Timestamp::from_millis(1_795_459_200_000),
            }),
        }
    }

    #[test]
    fn a_letter_holds_everything_that_is_known() {
        let permissions = vec!["https://graph.microsoft.com/Mail.Send".to_owned(), "openid".to_owned()];
        for locale in [Locale::nl, Locale::en] {
            let approval = approval(locale, &case(), LINK, &permissions);
            let blocked = blocked(locale, &case());
            for part in [
                "facturen@example.nl",
                "anna@example.nl",
                "11111111-1111-1111-1111-111111111111",
                "22222222-2222-2222-2222-222222222222",
                "AADSTS53003",
                "33333333-3333-3333-3333-333333333333",
                "2026-11-23T18:40:00.000Z",
            ] {
                assert!(approval.contains(part) && blocked.contains(part), "{part}");
            }
            assert!(approval.contains(LINK) && approval.contains("Mail.Send, openid"));
            assert!(blocked.contains(reason::of(locale, Reason::AccessPolicy).step));
        }
    }

    #[test]
    fn what_is_not_known_leaves_no_gap() {
        let bare = Case { mailbox: "info@example.nl".into(), ..Case::default() };
        for text in [blocked(Locale::nl, &bare), approval(Locale::nl, &bare, LINK, &["openid".to_owned()])] {
            assert!(!text.contains("None") && !text.contains(": \n") && !text.contains("{{"), "{text}");
        }
    }

    #[test]
    fn a_letter_tells_an_administrator_what_to_change() {
        let about = |code| {
            let seen = Seen { code, reason: None, ..case().seen.unwrap() };
            blocked(Locale::en, &Case { seen: Some(seen), ..case() })
        };
        let line = send_as("facturen@example.nl", "anna@example.nl");
        assert!(about(Code::SendAsDenied).contains(&line));
        for (code, place) in [
            (Code::MailboxUnavailable, "licence for Exchange Online"),
            (Code::SendingBlocked, "Restricted entities in Microsoft Defender"),
            (Code::PermissionMissing, "Enterprise apps, this app, Permissions"),
        ] {
            let letter = about(code);
            assert!(letter.contains(place) && !letter.contains(&line), "{letter}");
            assert!(!letter.contains("sign-in logs"), "{letter}");
        }
        assert!(about(Code::AdministratorNeeded).contains("sign-in logs"));
    }

    #[test]
    fn where_smtp_auth_is_off_the_line_names_who_signs_in() {
        for reason in [Reason::SmtpAuthOffMailbox, Reason::SmtpAuthOffOrganisation] {
            let seen = Seen { reason: Some(reason), ..case().seen.unwrap() };
            let case = Case { seen: Some(seen), ..case() };
            let line = "Set-CASMailbox -Identity anna@example.nl -SmtpClientAuthenticationDisabled $false";
            assert_eq!(case.command().as_deref(), Some(line));
            let letter = blocked(Locale::nl, &case);
            assert!(letter.contains(line) && letter.contains("Geverifieerde SMTP"), "{letter}");
        }
    }

    #[test]
    fn the_address_for_a_mail_program_is_encoded_and_short() {
        assert_eq!(mailto("a&b ü", "1\n2"), "mailto:?subject=a%26b%20%C3%BC&body=1%0D%0A2");
        for locale in [Locale::nl, Locale::en] {
            let address = approval_address(locale, &case(), LINK);
            assert!(address.len() < 2_000, "{}", address.len());
            assert!(address.contains(&encoded(LINK)) && !address.contains(' '));
        }
    }

    #[test]
    fn the_line_for_exchange_names_both() {
        assert_eq!(
            send_as("facturen@example.nl", "anna@example.nl"),
            "Add-RecipientPermission -Identity facturen@example.nl -Trustee anna@example.nl -AccessRights SendAs"
        );
    }
}
