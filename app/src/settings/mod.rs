//! The form: kind, the fields that belong to it, saving.

mod access_code;
mod advice;
mod change;
mod conflict;
pub(crate) mod draft;
pub(crate) mod field;
mod fields;
mod form;
mod keeping;
mod kind;
mod merge;
mod provider;
mod relay_fields;
mod save;
mod smtp_fields;

pub(crate) use conflict::ConflictChoice;
pub(crate) use form::SettingsForm;
pub(crate) use save::{load_new, save};
