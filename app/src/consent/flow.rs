//! The sign-in from the click to the outcome, as the window that waits sees it.

use api::{Account, ConsentOutcome, RefusedConsent};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_i18n::td_string;
use leptos_router::hooks::use_navigate;
use web_sys::{Window, window};

use super::arrival::{Answer, Returned};
use super::channel::{self, End, Word};
use super::kept::{self, Kept};
use super::link;
use super::secrets::Secrets;
use crate::browser::announce::announce;
use crate::browser::http::Trouble;
use crate::browser::page;
use crate::mailbox::Desk;
use crate::mailbox::desk::{Notice, Question, Retry, SignIn};

/// One window for all tries, so that "open again" does not pile them up.
const WINDOW_NAME: &str = "postbode-sign-in";
const WINDOW_FEATURES: &str = "popup,width=540,height=720";

/// An answer that a page brought along for another page of this window.
#[derive(Clone, Copy)]
pub(crate) struct Pending(pub(crate) RwSignal<Option<Answer>>);

/// How to arrive at Microsoft's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// As the mailbox, its address filled in.
    Mailbox,
    /// As an account that the person picks, after a wrong one came up by itself.
    Choose,
}

/// The Authenticate button.
///
/// The window is opened before anything is awaited: a browser only allows it as the direct result of a click. Where it
/// is blocked all the same, this tab itself goes to Microsoft and comes back.
pub(crate) fn authenticate(desk: Desk, who: Who) {
    let popup = open_window("");
    if let Some(popup) = &popup {
        say_one_moment(popup, td_string!(desk.language.get_untracked(), consent.popup_wait));
    }
    desk.notice.set(None);
    desk.sign_in.set(SignIn::Starting);
    spawn_local(async move {
        let begun = begin(desk, who).await;
        if desk.is_gone() {
            if let Some(popup) = popup {
                let _ = popup.close();
            }
            return;
        }
        match begun {
            Ok(kept) => {
                leave(popup, &kept.url);
                desk.sign_in.set(SignIn::Away(Box::new(kept)));
                desk.fetch(false);
                page::focus("sign-in");
            }
            Err(trouble) => {
                if let Some(popup) = popup {
                    let _ = popup.close();
                }
                desk.sign_in.set(SignIn::Not);
                desk.trouble(trouble, Retry::Authenticate);
            }
        }
    });
}

/// For a person who lost the window.
pub(crate) fn open_again(kept: &Kept) {
    if open_window(&kept.url).is_none() {
        page::go_to(&kept.url);
    }
}

pub(crate) fn stop_waiting(desk: Desk) {
    if let Some(kept) = kept::waiting_for(desk.mailbox) {
        give_up(desk, kept.attempt);
    }
    forget_waiting(desk);
    page::focus("authenticate");
}

/// Ends the wait on this page; what may still come back is no longer looked at.
pub(crate) fn forget_waiting(desk: Desk) {
    kept::forget_all(desk.mailbox);
    desk.sign_in.set(SignIn::Not);
}

/// Tells the Worker that nobody is at Microsoft any more, so that the page does not go on saying so.
fn give_up(desk: Desk, attempt: api::AttemptId) {
    spawn_local(async move {
        // Untold, the attempt ends by itself after its ten minutes.
        let _ = link::decline(desk.mailbox, attempt).await;
        if !desk.is_gone() {
            desk.fetch(false);
        }
    });
}

/// Listens for what comes back, and goes on where this window was when it is opened anew.
pub(crate) fn attend(desk: Desk) {
    let Pending(pending) = expect_context();
    let navigate = use_navigate();
    channel::listen(move |word| match word {
        Word::Came(answer) => {
            let Some(kept) = kept::find(&answer.state) else {
                // A second window with the same answer, after a reload or a restored tab: it is told how it ended.
                if let Some(end) = kept::ended(&answer.state) {
                    channel::say(&Word::Ended { state: answer.state, end });
                }
                return;
            };
            channel::say(&Word::Taken { state: kept.state });
            if kept.mailbox == desk.mailbox {
                // The same answer twice is redeemed once.
                if desk.sign_in.with_untracked(|sign_in| *sign_in != SignIn::Finishing) {
                    take(desk, answer);
                }
            } else {
                pending.set(Some(answer));
                navigate(&format!("/mailboxes/{}", kept.mailbox), leptos_router::NavigateOptions::default());
            }
        }
        Word::Ended { .. } => {
            if desk.sign_in.with_untracked(|sign_in| matches!(sign_in, SignIn::Not | SignIn::Away(_))) {
                desk.fetch(false);
            }
        }
        Word::Taken { .. } => {}
    });
    if let Some(kept) = kept::waiting_for(desk.mailbox) {
        desk.sign_in.set(SignIn::Away(Box::new(kept)));
    }
    if let Some(answer) = pending.try_update_untracked(Option::take).flatten() {
        take(desk, answer);
    }
}

/// Makes use of what Microsoft sent back.
pub(crate) fn take(desk: Desk, answer: Answer) {
    let Some(kept) = kept::find(&answer.state) else {
        desk.sign_in.set(SignIn::Not);
        return;
    };
    match &answer.result {
        Returned::Error { error, subcode, description } => {
            let body = RefusedConsent {
                state: answer.state.clone(),
                error: error.clone(),
                error_subcode: subcode.clone(),
                error_description: description.clone(),
            };
            desk.notice.set(None);
            desk.sign_in.set(SignIn::Finishing);
            spawn_local(async move {
                let trouble = link::refuse(&kept, &body).await;
                finished(desk, &kept, &answer, Err(trouble));
            });
        }
        Returned::Code(code) => {
            let code = code.clone();
            desk.notice.set(None);
            desk.sign_in.set(SignIn::Finishing);
            spawn_local(async move {
                let outcome = link::finish(&kept, code).await;
                finished(desk, &kept, &answer, outcome);
            });
        }
    }
}

/// The person's answer to [`ConsentOutcome::Confirm`].
pub(crate) fn answer(desk: Desk, question: &Question, confirmed: bool) {
    let attempt = question.attempt;
    desk.sign_in.set(SignIn::Finishing);
    spawn_local(async move {
        let outcome = if confirmed {
            link::agree(desk.mailbox, attempt).await.map(Some)
        } else {
            link::decline(desk.mailbox, attempt).await.map(|()| None)
        };
        if desk.is_gone() {
            return;
        }
        desk.sign_in.set(SignIn::Not);
        match outcome {
            Ok(Some(outcome)) => concluded(desk, attempt, outcome),
            // Declining ends an attempt; that it had ended already is the same to the person.
            Ok(None) | Err(Trouble::Problem(_)) if !confirmed => {
                desk.alarm(Notice::Declined);
                desk.fetch(false);
            }
            Ok(None) => {}
            Err(trouble) => desk.trouble(trouble, Retry::Authenticate),
        }
    });
}

async fn begin(desk: Desk, who: Who) -> Result<Kept, Trouble> {
    let secrets = Secrets::new();
    let begun = link::begin(desk.mailbox, &secrets.begin(who == Who::Choose)).await?;
    let unreadable = Trouble::Unreadable { status: 200, reference: None };
    let url = secrets.authorization_url(&begun).map_err(|_| unreadable.clone())?;
    let until = page::clock() + f64::from(begun.expires_in_seconds) * 1000.0;
    kept::forget_all(desk.mailbox);
    let (attempt, mailbox) = (begun.attempt, desk.mailbox);
    let Secrets { state, nonce, verifier, .. } = secrets;
    let kept = Kept { attempt, mailbox, state, nonce, verifier, url, until };
    // Kept before leaving: with the same tab going to Microsoft, nothing else survives.
    if kept.keep() { Ok(kept) } else { Err(unreadable) }
}

fn finished(desk: Desk, kept: &Kept, answer: &Answer, outcome: Result<ConsentOutcome, Trouble>) {
    // With no answer, the Worker may have judged it all the same: posting once more gets the same outcome.
    let again = matches!(outcome, Err(Trouble::Unreachable));
    let end = match &outcome {
        Ok(ConsentOutcome::Connected { .. }) => End::Connected,
        Ok(ConsentOutcome::Confirm { .. }) => End::Asks,
        Err(_) => End::NotCompleted,
    };
    if again {
        channel::say(&Word::Ended { state: answer.state.clone(), end });
    } else {
        kept::forget(&answer.state);
        ended(answer, end);
    }
    if desk.is_gone() {
        return;
    }
    desk.sign_in.set(SignIn::Not);
    match outcome {
        Ok(outcome) => concluded(desk, kept.attempt, outcome),
        Err(trouble) if again => desk.trouble(trouble, Retry::Finish(answer.clone())),
        Err(trouble) => {
            desk.trouble(trouble, Retry::Authenticate);
            desk.fetch(false);
        }
    }
}

fn concluded(desk: Desk, attempt: api::AttemptId, outcome: ConsentOutcome) {
    match outcome {
        ConsentOutcome::Connected { mailbox } => {
            let who = mailbox.authentication.as_ref().map(|it| named(&it.account)).unwrap_or_default();
            desk.show(*mailbox);
            connected(desk, who);
        }
        ConsentOutcome::Confirm { account, tenant, reasons } => {
            let question = Question { attempt, account: named(&account), tenant, reasons };
            desk.sign_in.set(SignIn::Asks(Box::new(question)));
        }
    }
}

/// Says that it worked.
pub(crate) fn connected(desk: Desk, who: String) {
    kept::forget_all(desk.mailbox);
    desk.sign_in.set(SignIn::Not);
    desk.notice.set(Some(Notice::Connected { who }));
    announce(td_string!(desk.language.get_untracked(), consent.connected));
    page::focus("notice");
}

/// `Anna de Vries (anna@example.nl)`
pub(crate) fn named(account: &Account) -> String {
    match &account.name {
        Some(name) => format!("{name} ({})", account.address),
        None => account.address.clone(),
    }
}

fn ended(answer: &Answer, end: End) {
    kept::remember_end(&answer.state, end);
    channel::say(&Word::Ended { state: answer.state.clone(), end });
}

/// None when the browser blocked it.
fn open_window(url: &str) -> Option<Window> {
    let opened =
        window()?.open_with_url_and_target_and_features(url, WINDOW_NAME, WINDOW_FEATURES).ok()??;
    // Some blockers answer with a window that is closed already.
    (!opened.closed().unwrap_or(false)).then_some(opened)
}

/// An empty window looks broken; it is still ours until it goes to Microsoft.
fn say_one_moment(popup: &Window, text: &str) {
    if let Some(body) = popup.document().and_then(|document| document.body()) {
        body.set_text_content(Some(text));
    }
}

fn leave(popup: Option<Window>, url: &str) {
    let gone = popup.is_some_and(|popup| popup.location().replace(url).is_ok());
    if !gone {
        page::go_to(url);
    }
}
