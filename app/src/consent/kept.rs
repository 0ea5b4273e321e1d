//! What this tab keeps while somebody is at Microsoft: in session storage, under the hash of `state`.

use api::{AttemptId, MailboxId};
use serde::{Deserialize, Serialize};

use super::channel::End;
use super::secrets;
use crate::browser::{page, storage};

const NAME: &str = "consent.";
/// How sign-ins of this tab ended, for a window that comes with the same answer once more.
const ENDED: &str = "ended.";

/// One sign-in that is under way.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) attempt: AttemptId,
    pub(crate) mailbox: MailboxId,
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
    /// Where the person was sent; for opening it again.
    pub(crate) url: String,
    /// When the attempt ends, by this computer's clock.
    pub(crate) until: f64,
}

impl Kept {
    /// Whether it could be kept; without storage, there is no way back.
    pub(crate) fn keep(&self) -> bool {
        let text = serde_json::to_string(self).unwrap_or_default();
        storage::keep_in_tab(&name(&self.state), &text)
    }
}

/// The sign-in that a `state` from outside belongs to, when this tab began it.
pub(crate) fn find(state: &str) -> Option<Kept> {
    if !secrets::may_be_ours(state) {
        return None;
    }
    read(&name(state)).filter(|kept| kept.state == state)
}

/// The sign-in of a mailbox that this tab still waits for, after forgetting the ones that ended.
pub(crate) fn waiting_for(mailbox: MailboxId) -> Option<Kept> {
    let now = page::clock();
    let mut newest: Option<Kept> = None;
    for name in storage::names_in_tab(NAME) {
        match read(&name) {
            Some(kept) if kept.until > now => {
                let later = newest.as_ref().is_none_or(|other| kept.until > other.until);
                if kept.mailbox == mailbox && later {
                    newest = Some(kept);
                }
            }
            _ => storage::forget_in_tab(&name),
        }
    }
    newest
}

pub(crate) fn forget(state: &str) {
    if secrets::may_be_ours(state) {
        storage::forget_in_tab(&name(state));
    }
}

/// Ends every wait of a mailbox: a new attempt makes the earlier ones useless.
pub(crate) fn forget_all(mailbox: MailboxId) {
    for name in storage::names_in_tab(NAME) {
        if read(&name).is_none_or(|kept| kept.mailbox == mailbox) {
            storage::forget_in_tab(&name);
        }
    }
}

/// Keeps how a sign-in ended; only of the latest, since an older answer is of no use to anybody.
pub(crate) fn remember_end(state: &str, end: End) {
    for name in storage::names_in_tab(ENDED) {
        storage::forget_in_tab(&name);
    }
    if secrets::may_be_ours(state)
        && let Ok(text) = serde_json::to_string(&end)
    {
        storage::keep_in_tab(&format!("{ENDED}{}", secrets::digest(state)), &text);
    }
}

/// How a sign-in of this tab ended, when it was the latest.
pub(crate) fn ended(state: &str) -> Option<End> {
    if !secrets::may_be_ours(state) {
        return None;
    }
    serde_json::from_str(&storage::of_tab(&format!("{ENDED}{}", secrets::digest(state)))?).ok()
}

fn read(name: &str) -> Option<Kept> {
    serde_json::from_str(&storage::of_tab(name)?).ok()
}

fn name(state: &str) -> String {
    format!("{NAME}{}", secrets::digest(state))
}
