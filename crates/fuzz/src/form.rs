//! A part of a form is taken or refused; what comes of it is a message or a list of mistakes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mail::{Message, MultipartForm, PartHead};

fuzz_target!(|bytes: &[u8]| {
    let mut form = MultipartForm::default();
    let from = PartHead::read([("content-disposition", &b"form-data; name=from"[..])]);
    form.add(&from, b"a@b.nl".to_vec());
    // Header values have no line ends: whoever splits the request into parts has seen to that.
    for part in bytes.split(|byte| *byte == 0) {
        let mut lines = part.splitn(3, |byte| *byte == b'\n');
        let disposition = [&b"form-data; name="[..], lines.next().unwrap_or_default()].concat();
        let fields =
            [("content-disposition", &*disposition), ("content-type", lines.next().unwrap_or_default())];
        if fields.iter().any(|(_, value)| value.contains(&b'\r')) {
            continue;
        }
        form.add(&PartHead::read(fields), lines.next().unwrap_or_default().to_vec());
    }
    match form.finish() {
        Ok(wire) => drop(Message::read(wire)),
        Err(wrong) => assert!(!wrong.is_empty() && wrong.iter().all(|error| error.pointer.starts_with('/'))),
    }
});
