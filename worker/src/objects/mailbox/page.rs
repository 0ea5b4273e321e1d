use api::{MailboxView, Problem};
use gateway::{ATTEMPT_SECONDS, message_bytes_effective, state, view};

use super::Inner;
use super::records::Progress;
use crate::config::Config;
use crate::host::now;

impl Inner {
    /// Asks everything anew: the *Status* button.
    pub(super) fn status(&self) -> Result<MailboxView, Problem> {
        self.page(&self.config()?)
    }

    /// The E-mail server page as it is now.
    pub(super) fn page(&self, config: &Config) -> Result<MailboxView, Problem> {
        let (mailbox, now) = (self.store.mailbox()?, now());
        let authentication = self.store.authentication()?;
        let kind = mailbox.settings.kind;
        let signing_in = self.store.latest_attempt()?.is_some_and(|record| {
            matches!(record.progress, Progress::Begun | Progress::Redeeming)
                && now.since(record.attempt.begun_at) < i64::from(ATTEMPT_SECONDS) * 1000
        });
        Ok(MailboxView {
            id: mailbox.id,
            version: mailbox.version,
            message_bytes_effective: message_bytes_effective(&mailbox.settings),
            access_code_stored: mailbox.access_code.is_some(),
            state: state(kind, authentication.as_ref(), signing_in),
            authentication: authentication.map(|record| view(&record, kind, &config.endpoints, now)),
            waiting: self.store.open_messages()?,
            handed_over_at: mailbox.handed_over_at,
            settings: mailbox.settings,
            now,
        })
    }
}
