//! Saving, and what can come in between.

use api::{Code, FieldError, MailboxView, SaveSettings};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_i18n::td_string;

use super::draft::Filled;
use super::field::{Field, Wrong};
use crate::browser::announce::announce;
use crate::browser::http::{self, Trouble};
use crate::browser::page;
use crate::mailbox::Desk;
use crate::mailbox::desk::{self, Notice, Retry};

/// The Save button. What was typed stays, whatever happens; what a save ends is said before it is done.
pub(crate) fn save(desk: Desk) {
    match filled(desk) {
        Err(wrong) => point_at(desk, wrong),
        Ok(_) if ends_authentication(desk) => {
            desk.wrong.set(Vec::new());
            desk.asks_change.set(true);
        }
        Ok(filled) => go(desk, filled),
    }
}

/// The same after the person agreed to what it ends.
pub(crate) fn save_all_the_same(desk: Desk) {
    match filled(desk) {
        Err(wrong) => point_at(desk, wrong),
        Ok(filled) => go(desk, filled),
    }
}

fn filled(desk: Desk) -> Result<Filled, Vec<(Field, Wrong)>> {
    desk.base.with_untracked(|base| desk.draft.with_untracked(|draft| draft.filled(&base.settings)))
}

fn ends_authentication(desk: Desk) -> bool {
    desk.view.with_untracked(|view| {
        view.authentication.is_some()
            && desk.draft.with_untracked(|draft| draft.ends_authentication(&view.settings))
    })
}

fn go(desk: Desk, filled: Filled) {
    if desk.saving.get_untracked() {
        return;
    }
    desk.wrong.set(Vec::new());
    desk.saving.set(true);
    spawn_local(async move {
        send(desk, filled).await;
        desk.saving.try_set(false);
    });
}

/// After somebody else saved: fetches what is stored now and lets the person choose. Without it, the trouble itself is
/// told, from which this can be tried again.
pub(crate) fn load_new(desk: Desk, told: Trouble) {
    spawn_local(async move {
        let answer = desk::fetch(desk.mailbox).await;
        if desk.is_gone() {
            return;
        }
        match answer {
            Ok(stored) => desk.alarm(Notice::Conflict { stored: Box::new(stored) }),
            Err(_) => desk.trouble(told, Retry::Save),
        }
    });
}

async fn send(desk: Desk, filled: Filled) {
    let moved = desk.base.with_untracked(|base| base.settings.address != filled.settings.address);
    let body = SaveSettings {
        version: desk.base.with_untracked(|base| base.version),
        settings: filled.settings,
        access_code: filled.access_code,
        relay_key: filled.relay_key,
    };
    let answer = http::put::<_, MailboxView>(&format!("/api/mailboxes/{}", desk.mailbox), &body).await;
    if desk.is_gone() {
        return;
    }
    match answer {
        Ok(view) => {
            desk.notice.set(None);
            replace(desk, view);
            announce(td_string!(desk.language.get_untracked(), settings.saved));
            if moved {
                desk.session.refresh();
            }
        }
        Err(Trouble::Problem(problem)) if problem.code == Code::FieldsRefused && known(&problem.errors) => {
            desk.notice.set(None);
            point_at(desk, problem.errors.iter().filter_map(refused).collect());
        }
        Err(trouble) if trouble.code() == Some(Code::SettingsChanged) => load_new(desk, trouble),
        Err(trouble) => desk.trouble(trouble, Retry::Save),
    }
}

/// Takes what is stored in the place of what is typed.
pub(super) fn replace(desk: Desk, view: MailboxView) {
    desk.show(view);
    desk.undo();
}

/// The summary takes the focus; it leads to the fields.
fn point_at(desk: Desk, wrong: Vec<(Field, Wrong)>) {
    desk.wrong.set(wrong);
    page::focus("wrong-summary");
}

/// A refusal of something that is no field of this form is told as a whole instead.
fn known(errors: &[FieldError]) -> bool {
    !errors.is_empty() && errors.iter().all(|error| refused(error).is_some())
}

fn refused(error: &FieldError) -> Option<(Field, Wrong)> {
    Some((Field::of_pointer(&error.pointer)?, Wrong::Refused(error.detail.clone())))
}
