use api::{Code, Kind, MailboxView, Problem};
use gateway::check_settings;
use microsoft::Sending;

use super::Inner;
use super::calls::{CreateMailbox, Save};
use super::records::MailboxRecord;
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
            server_trouble: None,
            handed_over_at: None,
            approval_asked_at: None,
            removed_at: None,
            created_at: call.at,
        })
    }

    /// Saves the page. Another address or kind ends the authentication; another server, port, security or user name
    /// clears the access code, which goes only to the server that it was typed for.
    pub(super) async fn save(self: &std::rc::Rc<Self>, call: Save) -> Result<MailboxView, Problem> {
        let save = call.save;
        let config = self.config()?;
        check_settings(&save.settings, config.reach())?;
        let before = self.store.mailbox()?;
        let version = before.version + 1;
        let typed = match save.access_code.as_deref() {
            None | Some("") => None,
            Some(code) => {
                let record = before.sealed_as("access_code", version);
                Some((version, Vault(&config.ring).seal_text(&record, code).await?))
            }
        };
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
        if server_of(old) != server_of(new) || save.access_code.is_some() {
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
