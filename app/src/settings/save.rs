//! Saving, and what can come in between.

use api::{Code, FieldError, MailboxView, SaveSettings};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_i18n::td_string;

use super::draft::{Draft, Field, Filled, Wrong};
use crate::browser::announce::announce;
use crate::browser::http::{self, Trouble};
use crate::browser::page;
use crate::mailbox::Desk;
use crate::mailbox::desk::{self, Retry};

/// The Save button. What was typed stays, whatever happens.
pub(crate) fn save(desk: Desk) {
    if desk.saving.get_untracked() {
        return;
    }
    let filled =
        desk.view.with_untracked(|view| desk.draft.with_untracked(|draft| draft.filled(&view.settings)));
    match filled {
        Err(wrong) => point_at(desk, wrong),
        Ok(filled) => {
            desk.wrong.set(Vec::new());
            desk.saving.set(true);
            spawn_local(async move {
                send(desk, filled).await;
                desk.saving.try_set(false);
            });
        }
    }
}

/// After somebody else saved: their settings in the place of what is typed.
pub(crate) fn load_new(desk: Desk) {
    spawn_local(async move {
        let answer = desk::fetch(desk.mailbox).await;
        if desk.is_gone() {
            return;
        }
        match answer {
            Ok(view) => {
                desk.notice.set(None);
                replace(desk, view);
                page::focus("address");
            }
            Err(trouble) => desk.trouble(trouble, Retry::Save),
        }
    });
}

async fn send(desk: Desk, filled: Filled) {
    let moved = desk.view.with_untracked(|view| view.settings.address != filled.settings.address);
    let body = SaveSettings {
        version: desk.view.with_untracked(|view| view.version),
        settings: filled.settings,
        access_code: filled.access_code,
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
        Err(trouble) => desk.trouble(trouble, Retry::Save),
    }
}

fn replace(desk: Desk, view: MailboxView) {
    desk.wrong.set(Vec::new());
    desk.draft.set(Draft::of(&view.settings, desk.language.get_untracked()));
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
