//! A raw message is read or refused, and what was read is safe to pass on.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail::RawMessage;

fuzz_target!(|bytes: &[u8]| {
    let Ok(raw) = RawMessage::read(bytes.to_vec()) else { return };
    let on_the_wire = raw.for_smtp();
    assert!(on_the_wire.ends_with(b"\r\n"), "the last line ends");
    let bare = on_the_wire.windows(2).any(|pair| matches!(pair, [b'\r', other] if *other != b'\n'));
    assert!(!bare, "no bare CR: a server might end the message there");
    let unpaired = on_the_wire.windows(2).any(|pair| matches!(pair, [other, b'\n'] if *other != b'\r'));
    assert!(!unpaired, "no bare LF either");
    let head = on_the_wire.split(|byte| *byte == b'\n').take_while(|line| *line != b"\r");
    for line in head {
        let name: Vec<u8> = line.iter().take(4).map(u8::to_ascii_lowercase).collect();
        assert_ne!(name, b"bcc:", "no reader learns who was in Bcc");
    }
    // What goes on by Graph is read the same way again.
    let again = RawMessage::read(raw.as_bytes().to_vec());
    assert_eq!(again.as_ref().map(RawMessage::recipients), Ok(raw.recipients()));
    assert_eq!(again.as_ref().map(RawMessage::from), Ok(raw.from()));
});
