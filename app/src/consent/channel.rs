//! How the window that comes back from Microsoft reaches the one that waits.
//!
//! A `BroadcastChannel`, because Microsoft's pages cut `window.opener` and make `popup.closed` lie (COOP).

use leptos::prelude::{LocalStorage, StoredValue, UpdateValue, on_cleanup};
use serde::{Deserialize, Serialize};
use web_sys::wasm_bindgen::prelude::Closure;
use web_sys::wasm_bindgen::{JsCast, JsValue};
use web_sys::{BroadcastChannel, MessageEvent};

use super::arrival::Answer;

const NAME: &str = "postbode-consent";

/// What is said on it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Word {
    /// By the window that came back: this is what it brought.
    Came(Answer),
    /// By the window that waited: it is mine, leave it to me.
    Taken { state: String },
    /// By whoever finished: how it ended.
    Ended { state: String, end: End },
}

/// How it ended, as far as the window that came back must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    Connected,
    Asks,
    NotCompleted,
}

/// Says it to every other window of this installation in this browser.
pub(crate) fn say(word: &Word) {
    let Ok(text) = serde_json::to_string(word) else { return };
    if let Ok(channel) = BroadcastChannel::new(NAME) {
        let _ = channel.post_message(&JsValue::from_str(&text));
        // What was posted still arrives.
        channel.close();
    }
}

/// Listens as long as the component that calls this is shown.
pub(crate) fn listen(heard: impl FnMut(Word) + 'static) {
    let channel = Channel::open(heard);
    on_cleanup(move || channel.close());
}

#[derive(Clone, Copy)]
struct Channel(StoredValue<Option<Open>, LocalStorage>);

struct Open {
    channel: BroadcastChannel,
    _listener: Closure<dyn FnMut(MessageEvent)>,
}

impl Channel {
    fn open(mut heard: impl FnMut(Word) + 'static) -> Self {
        let open = BroadcastChannel::new(NAME).ok().map(|channel| {
            let listener = Closure::new(move |event: MessageEvent| {
                let word = event.data().as_string().and_then(|text| serde_json::from_str(&text).ok());
                if let Some(word) = word {
                    heard(word);
                }
            });
            channel.set_onmessage(Some(listener.as_ref().unchecked_ref()));
            Open { channel, _listener: listener }
        });
        Self(StoredValue::new_local(open))
    }

    fn close(self) {
        let _ = self.0.try_update_value(|open| {
            if let Some(open) = open.take() {
                open.channel.set_onmessage(None);
                open.channel.close();
            }
        });
    }
}
