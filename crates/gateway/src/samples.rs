//! Every record that a version ever wrote is read by this one. A new version adds a folder and changes none.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use api::MessageState;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::mailbox::MailboxRecord;
use crate::outbox::{Message, NEVER, OutboxState};
use crate::sign_in::ConsentRecord;
use crate::tokens::Authentication;

fn samples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/samples");
    let files = |folder: PathBuf| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<PathBuf> = files(root).flat_map(files).collect();
    all.sort();
    all
}

/// Reads a sample, and what this version makes of it once more.
fn read<T: DeserializeOwned + Serialize>(path: &Path) -> T {
    let text = std::fs::read_to_string(path).unwrap();
    let read: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let again: T = serde_json::from_value(serde_json::to_value(&read).unwrap()).unwrap();
    assert_eq!(serde_json::to_value(&again).unwrap(), serde_json::to_value(&read).unwrap());
    let (then, now): (Value, Value) =
        (serde_json::from_str(&text).unwrap(), serde_json::to_value(&read).unwrap());
    // What a later version wrote is read, and what this one does not know of it is left out.
    let is_later = path.components().any(|part| part.as_os_str() == "next");
    for (name, value) in then.as_object().unwrap().iter().filter(|_| !is_later) {
        assert_eq!(now.get(name), Some(value), "{} loses {name}", path.display());
    }
    read
}

#[test]
fn what_earlier_versions_wrote_is_read() {
    let mut kinds = BTreeSet::new();
    for path in samples() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let kind = name.split('-').next().unwrap();
        match kind {
            "mailbox" => drop(read::<MailboxRecord>(&path)),
            "authentication" => drop(read::<Authentication>(&path)),
            "attempt" => drop(read::<ConsentRecord>(&path)),
            "outbox" => drop(read::<OutboxState>(&path)),
            "message" => {
                let message = read::<Message>(&path);
                assert_eq!(message.view().state, message.state());
                assert!(message.since() >= message.accepted_at());
            }
            _ => panic!("what is {}?", path.display()),
        }
        kinds.insert(kind.to_owned());
    }
    assert_eq!(kinds.len(), 5, "{kinds:?}");
}

/// What `message-held.json` would be without the fields that came with leases and the log.
#[test]
fn a_message_from_before_there_were_leases_waits_as_it_did() {
    let path = samples().into_iter().find(|path| path.ends_with("message-held.json")).unwrap();
    let mut before: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for since_then in ["content_kept", "bytes", "recipient_count", "since", "starts", "log"] {
        before.as_object_mut().unwrap().remove(since_then);
    }
    let held: Message = serde_json::from_value(before).unwrap();
    assert_eq!((held.state(), held.is_possibly_sent()), (MessageState::Held, false));
    assert_eq!(held.held_since(), Some(held.changed_at()));
    assert!(held.has_content() && held.content_key() == held.id().to_string());
    assert_eq!((held.since(), held.due_at()), (held.accepted_at(), Some(NEVER)));
}
