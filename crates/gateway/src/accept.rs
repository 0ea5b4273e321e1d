use api::{Code, FieldError, Kind, MailboxSettings, Problem};
use mail::Message;
use microsoft::{MESSAGE_BYTES_MAX, REQUEST_BYTES_MAX, SendMail};

/// Largest message that the mailbox can send today, in bytes: its setting, or less where its kind can do less.
#[must_use]
pub fn message_bytes_effective(settings: &MailboxSettings) -> u64 {
    match settings.kind {
        Kind::GraphOAuth2 => settings.message_bytes_max.min(MESSAGE_BYTES_MAX),
        Kind::SmtpOAuth2 | Kind::SmtpBasic => settings.message_bytes_max,
    }
}

/// Decides whether a mailbox takes a message, before anything is stored or sent.
///
/// A mailbox that is not signed in takes messages all the same: they wait, and go out by themselves afterwards.
pub fn accept(settings: &MailboxSettings, message: &Message) -> Result<(), Problem> {
    let allowed = || std::iter::once(&settings.address).chain(&settings.aliases);
    if !allowed().any(|address| message.from.address().names_same_mailbox(address)) {
        let list = allowed().map(String::as_str).collect::<Vec<_>>().join(", ");
        let detail =
            format!("{} is not an address of this mailbox; it sends as {list}", message.from.address());
        return Err(Problem::new(Code::SenderNotAllowed, detail).with_param("allowed", &list));
    }
    let (bytes, setting, effective) =
        (message.bytes(), settings.message_bytes_max, message_bytes_effective(settings));
    let fits = match settings.kind {
        Kind::GraphOAuth2 => bytes <= effective && SendMail::new(message).body_bytes() <= REQUEST_BYTES_MAX,
        Kind::SmtpOAuth2 => {
            // Exchange keeps a copy of whatever is submitted (Microsoft: smtp-submission-improvements).
            if message.save_to_sent == Some(false) {
                let detail =
                    "by SMTP, Microsoft 365 always keeps a copy in Sent Items; leave save_to_sent out";
                let error = FieldError { pointer: "/save_to_sent".to_owned(), detail: detail.to_owned() };
                return Err(Problem::new(Code::FieldsRefused, detail).with_errors(vec![error]));
            }
            bytes <= effective
        }
        Kind::SmtpBasic => {
            let detail = "this mailbox is set to a kind that can't send yet";
            return Err(Problem::new(Code::KindNotAvailable, detail));
        }
    };
    if fits {
        return Ok(());
    }
    let why = if bytes > setting || settings.kind != Kind::GraphOAuth2 {
        format!("the mailbox is set to at most {setting} bytes")
    } else {
        format!("one request to Microsoft Graph carries at most {effective} bytes of text and files")
    };
    Err(Problem::new(
        Code::MessageTooLarge,
        format!("the message has {bytes} bytes of text and files; {why}"),
    )
    .with_param("message_bytes", &bytes)
    .with_param("message_bytes_max", &effective)
    .with_param("message_bytes_setting", &setting))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(from: &str, bytes: u64) -> Message {
        let content = "A".repeat(usize::try_from(bytes / 3 * 4).unwrap());
        Message::read(
            serde_json::from_value(serde_json::json!({
                "from": from, "to": "k@c.nl", "text": "x".repeat(usize::try_from(bytes % 3).unwrap()),
                "attachments": [{"filename": "f.pdf", "content": content}]
            }))
            .unwrap(),
        )
        .unwrap()
    }

    fn code(settings: &MailboxSettings, message: &Message) -> Option<Code> {
        accept(settings, message).err().map(|problem| problem.code)
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
    fn kinds_that_cannot_send_yet_say_so() {
        let settings = MailboxSettings { kind: Kind::SmtpBasic, ..MailboxSettings::new("a@b.nl") };
        assert_eq!(code(&settings, &message("a@b.nl", 3)), Some(Code::KindNotAvailable));
    }

    #[test]
    fn what_smtp_can_not_express_is_refused_and_what_it_can_is_not() {
        let settings = MailboxSettings { kind: Kind::SmtpOAuth2, ..MailboxSettings::new("a@b.nl") };
        let without_copy = Message { save_to_sent: Some(false), ..message("a@b.nl", 3) };
        assert_eq!(accept(&settings, &without_copy).unwrap_err().errors[0].pointer, "/save_to_sent");
        assert_eq!(accept(&settings, &message("a@b.nl", 4_500_000)), Ok(()));
        assert_eq!(code(&settings, &message("a@b.nl", 6_000_000)), Some(Code::MessageTooLarge));
    }
}
