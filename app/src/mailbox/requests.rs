//! What the page asks the Worker on the person's behalf, besides signing in and saving: checking again, and approval.

use api::{MailboxState, MailboxView, Seen};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_i18n::td_string;

use super::desk::{Desk, Notice, Retry};
use crate::browser::announce::announce;
use crate::browser::http::{self, Trouble};
use crate::browser::page;
use crate::consent::{flow, kept, link};
use crate::i18n::Locale;
use crate::words::state;

/// Fetches fresh tokens and says what came of it.
pub(crate) fn check_again(desk: Desk) {
    if desk.checking.get_untracked() {
        return;
    }
    desk.checking.set(true);
    spawn_local(async move {
        let answer = link::renew(desk.mailbox).await;
        if desk.is_gone() {
            return;
        }
        desk.checking.set(false);
        match answer {
            Ok(view) => {
                let words = checked(desk.language.get_untracked(), &view);
                desk.show(view);
                desk.notice.set(None);
                announce(words);
            }
            // What Microsoft refuses is the mailbox's state from now on; the page then shows it as such.
            Err(trouble @ Trouble::Problem(_)) => {
                desk.trouble(trouble, Retry::CheckAgain);
                desk.fetch(false);
            }
            Err(trouble) => desk.trouble(trouble, Retry::CheckAgain),
        }
    });
}

/// Tells the Worker that the person has seen what was refused or is unknown.
pub(crate) fn seen(desk: Desk) {
    if desk.seeing.get_untracked() {
        return;
    }
    desk.seeing.set(true);
    // What ended after this page was fetched has not been seen.
    let seen = Seen { until: desk.view.with_untracked(|view| view.now) };
    spawn_local(async move {
        let answer = http::post(&format!("/api/mailboxes/{}/seen", desk.mailbox), &seen).await;
        if desk.is_gone() {
            return;
        }
        desk.seeing.set(false);
        match answer {
            Ok(view) => {
                desk.show(view);
                desk.notice.set(None);
                announce(td_string!(desk.language.get_untracked(), status.attention.seen_done));
                page::focus("status");
            }
            Err(trouble) => desk.trouble(trouble, Retry::Seen),
        }
    });
}

fn checked(locale: Locale, view: &MailboxView) -> String {
    use MailboxState as S;
    let badge = state::badge_of(locale, view);
    match view.state {
        S::Ready => td_string!(locale, status.checked_works).to_owned(),
        S::AdministratorNeeded | S::RegistrationBroken | S::SignInAgain | S::ServerRefuses => {
            td_string!(locale, status.checked_blocked, state = badge)
        }
        S::NotAuthenticated
        | S::SigningIn
        | S::WaitingForApproval
        | S::Attention
        | S::Delayed
        | S::Removed
        | S::AccessCodeMissing => td_string!(locale, status.checked_else, state = badge),
    }
}

/// Makes the link for an administrator, and shows it.
pub(crate) fn ask_approval(desk: Desk) {
    let left = kept::waiting_for(desk.mailbox);
    flow::forget_waiting(desk);
    spawn_local(async move {
        if let Some(left) = left {
            // Nobody is at Microsoft any more; untold, the attempt ends by itself after its ten minutes.
            let _ = link::decline(desk.mailbox, left.attempt).await;
        }
        let answer = link::ask_approval(desk.mailbox).await;
        if desk.is_gone() {
            return;
        }
        match answer {
            Ok(view) => {
                desk.show(view);
                desk.notice.set(None);
                announce(td_string!(desk.language.get_untracked(), status.approval.asked));
                page::focus("approval");
            }
            Err(trouble) => desk.trouble(trouble, Retry::AskApproval),
        }
    });
}

/// Puts the question to the administrator away.
pub(crate) fn withdraw_approval(desk: Desk) {
    spawn_local(async move {
        let answer = link::withdraw_approval(desk.mailbox).await;
        if desk.is_gone() {
            return;
        }
        match answer {
            Ok(view) => {
                desk.show(view);
                if desk.notice.with_untracked(|notice| matches!(notice, Some(Notice::Trouble { .. }))) {
                    desk.notice.set(None);
                }
                announce(td_string!(desk.language.get_untracked(), status.approval.withdrawn));
                page::focus("status");
            }
            Err(trouble) => desk.trouble(trouble, Retry::WithdrawApproval),
        }
    });
}
