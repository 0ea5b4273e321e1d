use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Result<RawMessage, Vec<String>> {
    RawMessage::read(text.into()).map_err(|errors| errors.into_iter().map(|error| error.pointer).collect())
}

fn smtp(text: &str) -> String {
    String::from_utf8(read(text).unwrap().for_smtp().into_owned()).unwrap()
}

#[test]
fn only_bcc_is_left_out_for_smtp() {
    let text = "X-Odd:  kept \r\nbcc: x@y.nl,\r\n z@y.nl\r\nFrom: a@b.nl\r\nTo: c@d.nl\r\nBCC-ish: k@l.nl\r\n\r\nBcc: in the body\r\n";
    let message = read(text).unwrap();
    assert_eq!(message.as_bytes(), text.as_bytes());
    assert_eq!(smtp(text), text.replace("bcc: x@y.nl,\r\n z@y.nl\r\n", ""));
    let recipients: Vec<_> = message.recipients().iter().map(EmailAddress::as_str).collect();
    assert_eq!(recipients, ["c@d.nl", "x@y.nl", "z@y.nl"]);
    let open = "From: a@b.nl\r\nTo: c@d.nl\r\n\r\n.\r\n";
    assert!(matches!(read(open).unwrap().for_smtp(), Cow::Borrowed(bytes) if bytes == open.as_bytes()));
}

#[test]
fn everybody_it_claims_to_come_from_is_told() {
    let message = read(
        "Resent-From: r@b.nl\r\nResent-Sender: s@b.nl\r\nResent-To: t@b.nl\r\nResent-Bcc: u@b.nl\r\n\
         From: Anna <a@b.nl>\r\nSender: z@b.nl\r\nTo: c@d.nl\r\nBcc: e@f.nl\r\n\r\n",
    )
    .unwrap();
    let senders: Vec<_> = message.senders().map(|(pointer, address)| (pointer, address.as_str())).collect();
    assert_eq!(
        senders,
        [
            ("/from", "a@b.nl"),
            ("/sender", "z@b.nl"),
            ("/resent_from", "r@b.nl"),
            ("/resent_sender", "s@b.nl")
        ]
    );
    assert_eq!(message.from().as_str(), "a@b.nl");
    // To, Cc and Bcc are those of the first time.
    let recipients: Vec<_> = message.recipients().iter().map(EmailAddress::as_str).collect();
    assert_eq!(recipients, ["t@b.nl", "u@b.nl"]);
    assert!(message.is_resent());
    assert!(!String::from_utf8_lossy(&message.for_smtp()).contains("Bcc"));
}

#[test]
fn what_two_readers_would_see_differently_is_refused() {
    let pointers = |text: &str| read(text).unwrap_err();
    assert_eq!(pointers("To: c@d.nl\r\n\r\n"), ["/from"]);
    assert_eq!(pointers("From: a@b.nl\r\n\r\nTo: c@d.nl\r\n"), ["/to"]);
    assert_eq!(pointers("From: a@b.nl\r\nfrom: x@y.nl\r\nTo: c@d.nl\r\n\r\n"), ["/from"]);
    assert_eq!(
        pointers("From: a@b.nl, x@y.nl\r\nTo: c\r\nReply-To: a@b.nl\r\nReply-To: a@b.nl\r\n\r\n"),
        ["/reply_to", "/from", "/to"]
    );
    assert_eq!(pointers("From: a@b.nl\r\nResent-To: c@d.nl\r\n\r\n"), ["/resent_from"]);
    for whole in [
        "hello",
        "From: a@b.nl\r\nTo: c@d.nl\n\r\n",
        "From: a@b.nl\r\nTo : c@d.nl\r\n\r\n",
        "From a@b.nl\r\n",
    ] {
        assert_eq!(pointers(whole), [""], "{whole:?}");
    }
    let latin = b"From: a@b.nl\r\nTo: c@d.nl\r\nSubject: caf\xe9\r\n\r\n".to_vec();
    assert_eq!(RawMessage::read(latin).unwrap_err()[0].pointer, "");
}

#[test]
fn bounds_hold_at_n_and_break_at_one_more() {
    let mail = |count: usize| {
        let to = vec!["a@b.nl"; count].join(",\r\n ");
        read(&format!("From: a@b.nl\r\nTo: {to}\r\n\r\n"))
    };
    assert_eq!(mail(RECIPIENTS_MAX).unwrap().recipients().len(), RECIPIENTS_MAX);
    assert_eq!(mail(RECIPIENTS_MAX + 1).unwrap_err(), ["/to"]);
    let head = |length: usize| {
        let start = "From: a@b.nl\r\nTo: c@d.nl\r\n";
        let lines = "X: x\r\n".repeat((length - start.len()) / 6);
        let rest = "Y".repeat(length - start.len() - lines.len());
        let padded = lines.replacen("X: x\r\n", &format!("X: x{rest}\r\n"), 1);
        read(&format!("{start}{padded}\r\n"))
    };
    assert!(head(HEAD_BYTES_MAX).is_ok());
    assert_eq!(head(HEAD_BYTES_MAX + 1).unwrap_err(), [""]);
}

#[test]
fn says_what_smtp_must_offer() {
    let plain = "From: a@b.nl\r\nTo: c@d.nl\r\n\r\nhi\r\n";
    let needs =
        |text: &str| read(text).map(|message| (message.needs_8bitmime(), message.needs_smtputf8())).unwrap();
    assert_eq!(needs(plain), (false, false));
    assert_eq!(needs(&plain.replace("hi", "één")), (true, false));
    assert_eq!(needs(&plain.replace("To", "Subject: één\r\nTo")), (false, true));
}

proptest! {
    #[test]
    fn nothing_that_is_read_breaks_the_wire(bytes: Vec<u8>, text in "(From: a@b\\.nl\r\n|To: c@d\\.nl\r\n|Bcc: e@f\\.nl\r\n| x\r\n|\r\n|\n|\r|x|\t|:|,|<|>|\"){0,14}") {
        for bytes in [bytes, text.into_bytes()] {
            if let Ok(message) = RawMessage::read(bytes) {
                let sent = message.for_smtp().into_owned();
                prop_assert!(sent.ends_with(b"\r\n"));
                let strays = String::from_utf8_lossy(&sent).replace("\r\n", "").contains(['\r', '\n', '\0']);
                prop_assert!(!strays);
                let again = RawMessage::read(message.as_bytes().to_vec());
                prop_assert_eq!(again.ok(), Some(message));
            }
        }
    }
}
