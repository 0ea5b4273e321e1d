//! Settings, and what people do beside signing in.

use std::rc::Rc;

use api::{FieldError, MailboxView, Problem};
use gateway::mailbox::{MailboxRecord, SavedSettings};
use gateway::settings::check_settings;
use relay_contract::Key;

use super::calls::{Around, AskApproval, CreateMailbox, MarkSeen, Save};
use super::shell::Shell;
use crate::host::Vault;

/// Creates the mailbox.
pub(super) fn create(shell: &Rc<Shell>, call: &CreateMailbox) -> Result<(), Problem> {
    check_settings(&call.settings, shell.config()?.reach())?;
    let record = MailboxRecord::new(call.organisation, call.id, call.settings.clone(), call.at);
    shell.step(|machine, context| machine.create(&record, context))
}

/// Saves the page.
pub(super) async fn save(shell: &Rc<Shell>, call: Save) -> Result<MailboxView, Problem> {
    let save = call.save;
    let config = shell.config()?;
    check_settings(&save.settings, config.reach())?;
    if save.relay_key.as_deref().is_some_and(|key| !key.is_empty() && Key::read(key).is_err()) {
        return Err(wrong_relay_key());
    }
    let before = shell.read(|machine, _| machine.mailbox())?;
    let seal = async |kind: &'static str, text: Option<&str>| match text {
        None => Ok(None),
        Some("") => Ok(Some(None)),
        Some(text) => {
            let record = before.sealed_as(kind, before.version + 1);
            Ok::<_, Problem>(Some(Some(Vault(&config.ring).seal_text(&record, text).await?)))
        }
    };
    let saved = SavedSettings {
        access_code: seal("access_code", save.access_code.as_deref()).await?,
        relay_key: seal("relay_key", save.relay_key.as_deref()).await?,
        settings: save.settings,
        version: save.version,
    };
    shell.step(|machine, context| machine.save(&saved, context))?;
    shell.view(call.around)
}

/// Deletes the authentication.
pub(super) fn remove(shell: &Rc<Shell>, around: Around) -> Result<MailboxView, Problem> {
    shell.step(gateway::mailbox::Mailbox::remove)?;
    shell.view(around)
}

/// Notes that somebody asks an administrator, or no longer does.
pub(super) fn ask_approval(shell: &Rc<Shell>, call: AskApproval) -> Result<MailboxView, Problem> {
    shell.step(|machine, context| machine.ask_approval(call.asked, context))?;
    shell.view(call.around)
}

/// Looks whether what stood in the way is gone, and tries held messages again.
pub(super) async fn check_again(shell: &Rc<Shell>, around: Around) -> Result<MailboxView, Problem> {
    if let Some(renewal) = shell.step(gateway::mailbox::Mailbox::renew_to_check)? {
        shell.tokens().wait(renewal).await;
    }
    shell.step(gateway::mailbox::Mailbox::check_again)?;
    shell.view(around)
}

/// Notes that a person has seen what was refused or is unknown.
pub(super) fn mark_seen(shell: &Rc<Shell>, call: MarkSeen) -> Result<MailboxView, Problem> {
    shell.step(|machine, context| machine.mark_seen(call.until, context))?;
    shell.view(call.around)
}

fn wrong_relay_key() -> Problem {
    let detail = "a relay key is 32 random bytes in base64: openssl rand -base64 32";
    let error = FieldError { pointer: "/relay_key".to_owned(), detail: detail.to_owned() };
    Problem::new(api::Code::FieldsRefused, "the settings were not saved").with_errors(vec![error])
}
