use api::{Code, FieldError, Kind, MailboxSettings, Problem};
use mail::EmailAddress;
use microsoft::MESSAGE_BYTES_MAX;

use super::{Form, MessageProfile};

/// Largest message that the mailbox can send today, in bytes: its setting, or less where its kind can do less.
#[must_use]
pub fn message_bytes_effective(settings: &MailboxSettings) -> u64 {
    match settings.kind {
        Kind::GraphOAuth2 => settings.message_bytes_max.min(MESSAGE_BYTES_MAX),
        Kind::SmtpOAuth2 | Kind::SmtpBasic => settings.message_bytes_max,
    }
}

/// Decides whether a mailbox takes a message, before anything is stored or sent. What its route can't express is refused
/// with a pointer to the field, so that nothing is dropped silently.
///
/// A mailbox that is not signed in takes messages all the same: they wait, and go out by themselves afterwards.
pub fn accept(settings: &MailboxSettings, profile: &MessageProfile) -> Result<(), Problem> {
    check_senders(settings, profile)?;
    match settings.kind {
        Kind::GraphOAuth2 => check_for_graph(settings, profile)?,
        Kind::SmtpOAuth2 => check_for_exchange(profile)?,
        Kind::SmtpBasic => check_for_server(profile)?,
    }
    check_size(settings, profile)
}

/// The sender rule: every address that a message claims to come from is one of the mailbox.
fn check_senders(settings: &MailboxSettings, profile: &MessageProfile) -> Result<(), Problem> {
    let allowed = || std::iter::once(&settings.address).chain(&settings.aliases);
    let foreign =
        profile.senders.iter().find(|(_, sender)| !allowed().any(|address| same_mailbox(sender, address)));
    let Some((pointer, sender)) = foreign else { return Ok(()) };
    let list = allowed().map(String::as_str).collect::<Vec<_>>().join(", ");
    let detail = format!("{sender} is not an address of this mailbox; it sends as {list}");
    let error = FieldError { pointer: pointer.clone(), detail: detail.clone() };
    Err(Problem::new(Code::SenderNotAllowed, detail).with_param("allowed", &list).with_errors(vec![error]))
}

fn same_mailbox(sender: &str, address: &str) -> bool {
    sender.parse().is_ok_and(|sender: EmailAddress| sender.names_same_mailbox(address))
}

/// What Graph can't express of a message that goes as MIME: Exchange replaces its `From` by the account's own address, has
/// no envelope beside it, strips custom headers and always keeps a copy.
fn check_for_graph(settings: &MailboxSettings, profile: &MessageProfile) -> Result<(), Problem> {
    let whole = match profile.form {
        Form::Json if !profile.has_invitation => return Ok(()),
        Form::Json => {
            if profile.has_headers {
                return Err(not_by_route(
                    "/headers",
                    "with a calendar invitation, Microsoft Graph drops custom headers",
                ));
            }
            if profile.save_to_sent == Some(false) {
                return Err(not_by_route(
                    "/save_to_sent",
                    "with a calendar invitation, Microsoft Graph always keeps a copy in Sent Items",
                ));
            }
            "a message with a calendar invitation"
        }
        Form::Raw => {
            if profile.is_resent {
                return Err(not_by_route(
                    "/resent_from",
                    "Microsoft Graph can't resend a message: it has no envelope",
                ));
            }
            "a raw message"
        }
    };
    let other = profile.senders.iter().find(|(_, sender)| !same_mailbox(sender, &settings.address));
    match (other, settings.shared) {
        (None, false) => Ok(()),
        (Some((pointer, _)), _) => Err(not_by_route(
            pointer,
            &format!(
                "by Microsoft Graph, {whole} is always sent as the mailbox's own address, {}",
                settings.address
            ),
        )),
        (None, true) => Err(not_by_route(
            "/from",
            &format!("Microsoft Graph can't send {whole} as a shared mailbox; Microsoft 365 SMTP OAuth2 can"),
        )),
    }
}

/// Exchange keeps a copy of whatever is submitted (Microsoft: smtp-submission-improvements).
fn check_for_exchange(profile: &MessageProfile) -> Result<(), Problem> {
    if profile.save_to_sent == Some(false) {
        return Err(not_by_route(
            "/save_to_sent",
            "by SMTP, Microsoft 365 always keeps a copy in Sent Items; leave save_to_sent out",
        ));
    }
    Ok(())
}

/// A mail server of one's own takes a message and keeps nothing: there is no *Sent Items* that it could go to.
fn check_for_server(profile: &MessageProfile) -> Result<(), Problem> {
    if profile.save_to_sent == Some(true) {
        return Err(not_by_route(
            "/save_to_sent",
            "a mail server keeps no copy in Sent Items; leave save_to_sent out",
        ));
    }
    Ok(())
}

fn not_by_route(pointer: &str, detail: &str) -> Problem {
    let error = FieldError { pointer: pointer.to_owned(), detail: detail.to_owned() };
    Problem::new(Code::FieldsRefused, detail).with_errors(vec![error])
}

fn check_size(settings: &MailboxSettings, profile: &MessageProfile) -> Result<(), Problem> {
    let (bytes, setting) = (profile.bytes, settings.message_bytes_max);
    let what = match profile.form {
        Form::Json => "bytes of text and files",
        Form::Raw => "bytes",
    };
    let by_graph = settings.kind == Kind::GraphOAuth2;
    let effective = if by_graph { setting.min(profile.graph_bytes_max()) } else { setting };
    if bytes <= effective && (profile.fits_graph_json || !by_graph) {
        return Ok(());
    }
    let why = if bytes > setting || !by_graph {
        format!("the mailbox is set to at most {setting} bytes")
    } else {
        format!("one request to Microsoft Graph carries at most {effective} {what}")
    };
    Err(Problem::new(Code::MessageTooLarge, format!("the message has {bytes} {what}; {why}"))
        .with_param("message_bytes", &bytes)
        .with_param("message_bytes_max", &effective)
        .with_param("message_bytes_setting", &setting))
}

#[cfg(test)]
mod tests {
    use mail::{Content, Message, RawMessage};
    use microsoft::MIME_BYTES_MAX;

    use super::*;

    fn accept(settings: &MailboxSettings, content: &Content) -> Result<(), Problem> {
        let profile = MessageProfile::of(content);
        let json = serde_json::to_vec(&profile).unwrap();
        super::accept(settings, &serde_json::from_slice(&json).unwrap())
    }

    fn raw(head: &str) -> Content {
        let text = format!("{head}To: k@c.nl\r\n\r\nhoi\r\n");
        Content::Raw(Box::new(RawMessage::read(text.into_bytes()).unwrap()))
    }

    fn read(json: serde_json::Value) -> Content {
        Content::Fields(Box::new(Message::read(serde_json::from_value(json).unwrap()).unwrap()))
    }

    fn message(from: &str, bytes: u64) -> Content {
        let content = "A".repeat(usize::try_from(bytes / 3 * 4).unwrap());
        read(serde_json::json!({
            "from": from, "to": "k@c.nl", "text": "x".repeat(usize::try_from(bytes % 3).unwrap()),
            "attachments": [{"filename": "f.pdf", "content": content}]
        }))
    }

    fn pointer(settings: &MailboxSettings, content: &Content) -> Option<String> {
        accept(settings, content).err().map(|problem| problem.errors[0].pointer.clone())
    }

    fn code(settings: &MailboxSettings, content: &Content) -> Option<Code> {
        accept(settings, content).err().map(|problem| problem.code)
    }

    #[test]
    fn only_its_own_addresses_and_aliases_send() {
        let settings =
            MailboxSettings { aliases: vec!["Verkoop@b.nl".into()], ..MailboxSettings::new("a@b.nl") };
        assert_eq!(code(&settings, &message("Anna <A@B.nl>", 3)), None);
        assert_eq!(code(&settings, &message("verkoop@b.nl", 3)), None);
        let refused = accept(&settings, &message("directie@b.nl", 3)).unwrap_err();
        assert_eq!(
            (refused.code, refused.params["allowed"].as_str()),
            (Code::SenderNotAllowed, "a@b.nl, Verkoop@b.nl")
        );
    }

    #[test]
    fn the_setting_holds_to_the_byte() {
        let settings = MailboxSettings { message_bytes_max: 100_000, ..MailboxSettings::new("a@b.nl") };
        assert_eq!(code(&settings, &message("a@b.nl", 100_000)), None);
        assert_eq!(code(&settings, &message("a@b.nl", 100_001)), Some(Code::MessageTooLarge));
    }

    #[test]
    fn above_what_graph_carries_the_effective_limit_is_stated() {
        let settings = MailboxSettings::new("a@b.nl");
        assert_eq!(code(&settings, &message("a@b.nl", MESSAGE_BYTES_MAX)), None);
        let refused = accept(&settings, &message("a@b.nl", MESSAGE_BYTES_MAX + 1)).unwrap_err();
        assert_eq!(refused.status, 413);
        assert_eq!(refused.params["message_bytes_max"], MESSAGE_BYTES_MAX.to_string());
        assert!(refused.detail.contains("Microsoft Graph"), "{}", refused.detail);
    }

    #[test]
    fn a_server_of_ones_own_keeps_no_copy() {
        let settings = MailboxSettings { kind: Kind::SmtpBasic, ..MailboxSettings::new("a@b.nl") };
        assert_eq!(accept(&settings, &message("a@b.nl", 3)), Ok(()));
        for (wish, refused) in [(true, Some("/save_to_sent")), (false, None)] {
            let wish = read(serde_json::json!({"from": "a@b.nl", "to": "k@c.nl", "save_to_sent": wish}));
            assert_eq!(pointer(&settings, &wish).as_deref(), refused);
        }
        assert_eq!(
            accept(&settings, &raw("From: a@b.nl\r\nResent-From: a@b.nl\r\nResent-To: y@c.nl\r\n")),
            Ok(())
        );
    }

    #[test]
    fn what_smtp_can_not_express_is_refused_and_what_it_can_is_not() {
        let settings = MailboxSettings { kind: Kind::SmtpOAuth2, ..MailboxSettings::new("a@b.nl") };
        let without_copy = read(serde_json::json!({"from": "a@b.nl", "to": "k@c.nl", "save_to_sent": false}));
        assert_eq!(accept(&settings, &without_copy).unwrap_err().errors[0].pointer, "/save_to_sent");
        assert_eq!(accept(&settings, &message("a@b.nl", 4_500_000)), Ok(()));
        assert_eq!(code(&settings, &message("a@b.nl", 6_000_000)), Some(Code::MessageTooLarge));
    }

    #[test]
    fn a_raw_message_claims_no_sender_but_the_mailboxs_own() {
        let settings = MailboxSettings {
            aliases: vec!["verkoop@b.nl".into()],
            kind: Kind::SmtpOAuth2,
            ..MailboxSettings::new("a@b.nl")
        };
        assert_eq!(accept(&settings, &raw("From: a@b.nl\r\n")), Ok(()));
        assert_eq!(accept(&settings, &raw("From: Anna <verkoop@b.nl>\r\nSender: a@b.nl\r\n")), Ok(()));
        for (head, place) in [
            ("From: directie@b.nl\r\n", "/from"),
            ("From: a@b.nl\r\nSender: directie@b.nl\r\n", "/sender"),
            ("From: a@b.nl\r\nResent-From: x@b.nl\r\nResent-To: y@c.nl\r\n", "/resent_from"),
            (
                "From: a@b.nl\r\nResent-From: a@b.nl\r\nResent-Sender: x@b.nl\r\nResent-To: y@c.nl\r\n",
                "/resent_sender",
            ),
        ] {
            let refused = accept(&settings, &raw(head)).unwrap_err();
            assert_eq!(
                (refused.code, &*refused.errors[0].pointer),
                (Code::SenderNotAllowed, place),
                "{head}"
            );
        }
    }

    #[test]
    fn what_graph_would_change_of_a_whole_message_is_refused() {
        let settings =
            MailboxSettings { aliases: vec!["verkoop@b.nl".into()], ..MailboxSettings::new("a@b.nl") };
        assert_eq!(accept(&settings, &raw("From: A@B.nl\r\n")), Ok(()));
        assert_eq!(pointer(&settings, &raw("From: verkoop@b.nl\r\n")).unwrap(), "/from");
        let resent = raw("From: a@b.nl\r\nResent-From: a@b.nl\r\nResent-To: y@c.nl\r\n");
        assert_eq!(pointer(&settings, &resent).unwrap(), "/resent_from");
        let shared = MailboxSettings { shared: true, ..settings.clone() };
        assert_eq!(pointer(&shared, &raw("From: a@b.nl\r\n")).unwrap(), "/from");

        let invitation = |besides: serde_json::Value| {
            let mut json = serde_json::to_value(mail::fixtures::invitation("a@b.nl", "k@c.nl")).unwrap();
            json.as_object_mut().unwrap().extend(besides.as_object().unwrap().clone());
            read(json)
        };
        assert_eq!(accept(&settings, &invitation(serde_json::json!({}))), Ok(()));
        for (besides, place) in [
            (serde_json::json!({ "headers": { "x-erp": "1" } }), "/headers"),
            (serde_json::json!({ "save_to_sent": false }), "/save_to_sent"),
            (serde_json::json!({ "from": "verkoop@b.nl" }), "/from"),
        ] {
            assert_eq!(pointer(&settings, &invitation(besides)).unwrap(), place);
        }
    }

    #[test]
    fn a_raw_message_has_its_own_limit_by_graph() {
        let settings = MailboxSettings { message_bytes_max: 5_000_000, ..MailboxSettings::new("a@b.nl") };
        let of = |bytes: usize| {
            let head = "From: a@b.nl\r\nTo: k@c.nl\r\n\r\n";
            let line = format!("{}\r\n", "x".repeat(70));
            let mut text = format!("{head}{}", line.repeat((bytes - head.len()) / line.len()));
            text.push_str(&"y".repeat(bytes - text.len() - 2));
            text.push_str("\r\n");
            Content::Raw(Box::new(RawMessage::read(text.into_bytes()).unwrap()))
        };
        assert_eq!(code(&settings, &of(MIME_BYTES_MAX)), None);
        assert_eq!(code(&settings, &of(MIME_BYTES_MAX + 1)), Some(Code::MessageTooLarge));
        let by_smtp = MailboxSettings { kind: Kind::SmtpOAuth2, ..settings };
        assert_eq!(code(&by_smtp, &of(MIME_BYTES_MAX + 1)), None);
        assert_eq!(code(&by_smtp, &of(5_000_001)), Some(Code::MessageTooLarge));
    }
}
