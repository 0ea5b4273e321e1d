//! Two people changed the settings at once: both versions side by side, and a choice for each field.

use api::MailboxView;
use leptos::prelude::*;

use super::draft::Draft;
use super::field::Field;
use super::save::{replace, save};
use crate::browser::language::t;
use crate::browser::page;
use crate::mailbox::Desk;
use crate::words::field;

/// Below the notice that says so. What the person did not touch begins as what is stored now.
#[component]
pub(crate) fn ConflictChoice(stored: MailboxView) -> impl IntoView {
    let desk = Desk::here();
    let language = desk.language;
    let locale = language.get_untracked();
    let mine = desk.draft.get_untracked();
    let before = desk.base.with_untracked(|base| Draft::of(&base.settings, locale));
    let theirs = Draft::of(&stored.settings, locale);
    let (touched, code_stored) = (mine.differing(&before), stored.access_code_stored);
    let rows: Vec<_> = mine
        .differing(&theirs)
        .into_iter()
        .map(|field| (field, RwSignal::new(touched.contains(&field))))
        .collect();
    let same = rows.is_empty();
    let shown = rows
        .iter()
        .map(|&(field, keep)| {
            let (mine, theirs) = (StoredValue::new(mine.clone()), StoredValue::new(theirs.clone()));
            let say = move |draft: StoredValue<Draft>| {
                draft.with_value(|draft| field::value(language.get(), field, draft, code_stored))
            };
            view! {
                <Row field keep
                    mine=Signal::derive(move || say(mine)) theirs=Signal::derive(move || say(theirs))/>
            }
        })
        .collect_view();
    let (merged, stored) = (StoredValue::new((mine, theirs, rows)), StoredValue::new(stored));
    let keep = move |_| {
        let draft = merged.with_value(|(mine, theirs, rows)| {
            let mut draft = theirs.clone();
            for (field, _) in rows.iter().filter(|(_, keep)| keep.get_untracked()) {
                draft.take(*field, mine);
            }
            draft
        });
        desk.rebase(stored.get_value(), draft);
        desk.notice.set(None);
        if desk_changed(desk) {
            page::focus("save");
            save(desk);
        } else {
            page::focus("address");
        }
    };
    let take = move |_| {
        desk.notice.set(None);
        replace(desk, stored.get_value());
        desk.undo();
        page::focus("address");
    };
    let lead = move || {
        if same { t!(language, settings.conflict.same)() } else { t!(language, settings.conflict.lead)() }
    };
    view! {
        <div class="conflict" id="conflict">
            <p><strong>{t!(language, settings.conflict.heading)}</strong>" "{lead}</p>
            {shown}
            <p class="actions">
                <Show when=move || !same>
                    <button type="button" class="button button--primary" id="conflict-save" on:click=keep>
                        {t!(language, settings.conflict.save)}
                    </button>
                </Show>
                <button type="button" class="button" id="conflict-take" on:click=take>
                    {t!(language, settings.conflict.take)}
                </button>
            </p>
        </div>
    }
}

fn desk_changed(desk: Desk) -> bool {
    untrack(|| desk.changed())
}

#[component]
fn Row(field: Field, keep: RwSignal<bool>, mine: Signal<String>, theirs: Signal<String>) -> impl IntoView {
    let language = Desk::here().language;
    let name = format!("conflict-{}", field.id());
    let (mine_id, stored_id) = (format!("{name}-mine"), format!("{name}-stored"));
    view! {
        <fieldset class="conflict__row" data-field=field.id()>
            <legend>{move || field::label(language.get(), field)}</legend>
            <div class="check">
                <input type="radio" name=name.clone() id=mine_id.clone() prop:checked=move || keep.get() on:change=move |_| keep.set(true)/>
                <label for=mine_id><span class="small">{t!(language, settings.conflict.mine)}": "</span>{mine}</label>
            </div>
            <div class="check">
                <input type="radio" name=name id=stored_id.clone() prop:checked=move || !keep.get() on:change=move |_| keep.set(false)/>
                <label for=stored_id><span class="small">{t!(language, settings.conflict.stored)}": "</span>{theirs}</label>
            </div>
        </fieldset>
    }
}
