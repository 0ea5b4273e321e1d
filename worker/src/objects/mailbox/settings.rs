use api::{Code, FieldError, Kind, MailboxView, Problem};
use gateway::{MailboxRecord, check_settings};
use microsoft::Sending;
use relay_contract::Key;

use super::Inner;
use super::calls::{CreateMailbox, Save};
use crate::host::Vault;

impl Inner {
    pub(super) fn create(&self, call: &CreateMailbox) -> Result<(), Problem> {
        check_settings(&call.settings, self.config()?.reach())?;
        self.store.create(&MailboxRecord {
            organisation: call.organisation,
            id: call.id,
            settings: call.settings.clone(),
            version: 1,
            epoch: 0,
            number: 0,
            access_code: None,
            relay_key: None,
            server_trouble: None,
            handed_over_at: None,
            approval_asked_at: None,
            removed_at: None,
            created_at: call.at,
        })
    }

    /// Saves the page. Another address or kind ends the authentication; another server, port, security, user name or
    /// relay clears the access code, which goes only to the server that it was typed for, and by the way that was known then.
    pub(super) async fn save(self: &std::rc::Rc<Self>, call: Save) -> Result<MailboxView, Problem> {
        let save = call.save;
        let config = self.config()?;
        check_settings(&save.settings, config.reach())?;
        let before = self.store.mailbox()?;
        let version = before.version + 1;
        if save.relay_key.as_deref().is_some_and(|key| !key.is_empty() && Key::read(key).is_err()) {
            return Err(wrong_relay_key());
        }
        let seal = async |kind: &'static str, text: Option<&str>| match text {
            None | Some("") => Ok(None),
            Some(text) => {
                let record = before.sealed_as(kind, version);
                Ok::<_, Problem>(Some((version, Vault(&config.ring).seal_text(&record, text).await?)))
            }
        };
        let typed = seal("access_code", save.access_code.as_deref()).await?;
        let typed_key = seal("relay_key", save.relay_key.as_deref()).await?;
        // From here to the write there is no `await`.
        let mut mailbox = self.store.mailbox()?;
        if mailbox.version != save.version {
            let detail = "the page shows an older version than the one that is stored";
            return Err(Problem::new(Code::SettingsChanged, detail));
        }
        let (old, new) = (&mailbox.settings, &save.settings);
        let server_of = |settings: &api::MailboxSettings| {
            (settings.server.clone(), settings.port, settings.security, settings.user_name.clone())
        };
        let relay_of =
            |settings: &api::MailboxSettings| (settings.relay_url.clone(), settings.relay_id.clone());
        let moves_relay = relay_of(old) != relay_of(new);
        // A key belongs to the relay that it was typed for.
        if moves_relay || save.relay_key.is_some() {
            mailbox.relay_key = None;
        }
        mailbox.relay_key = typed_key.or(mailbox.relay_key);
        if moves_relay || server_of(old) != server_of(new) || save.access_code.is_some() {
            mailbox.access_code = None;
        }
        mailbox.access_code = typed.or(mailbox.access_code);
        let ends_authentication = old.address != new.address || Sending::from(old) != Sending::from(new);
        mailbox.settings = save.settings;
        mailbox.version = version;
        // Whatever the mail server said was about settings of before.
        mailbox.server_trouble = None;
        if ends_authentication {
            self.forget_authentication(&mut mailbox)?;
            mailbox.approval_asked_at = None;
            mailbox.removed_at = None;
        }
        let sends_at_once = mailbox.settings.kind == Kind::SmtpBasic && !mailbox.lacks_access_code();
        self.store.set_mailbox(&mailbox)?;
        if sends_at_once {
            self.release_held()?;
            self.pump_soon();
        }
        self.page(&config, call.around)
    }
}

fn wrong_relay_key() -> Problem {
    let detail = "a relay key is 32 random bytes in base64: openssl rand -base64 32";
    let error = FieldError { pointer: "/relay_key".to_owned(), detail: detail.to_owned() };
    Problem::new(Code::FieldsRefused, "the settings were not saved").with_errors(vec![error])
}
