use api::{ApprovalView, Code, Delay, MailboxSettings, MailboxView, Problem, Timestamp};
use gateway::{ATTEMPT_SECONDS, Limits, Progress, Situation, Trouble, message_bytes_effective, state, view};
use microsoft::Sending;

use super::Inner;
use super::calls::Around;
use crate::config::Config;
use crate::host::now;

impl Inner {
    /// Asks everything anew: the *Status* button.
    pub(super) fn status(&self, around: Around) -> Result<MailboxView, Problem> {
        self.page(&self.config()?, around)
    }

    pub(super) fn settings(&self) -> Result<MailboxSettings, Problem> {
        Ok(self.store.mailbox()?.settings)
    }

    /// The E-mail server page as it is now.
    pub(super) fn page(&self, config: &Config, around: Around) -> Result<MailboxView, Problem> {
        let (mailbox, now) = (self.store.mailbox()?, now());
        let authentication = self.store.authentication()?;
        let kind = mailbox.settings.kind;
        let signing_in = self.store.latest_attempt()?.is_some_and(|record| {
            matches!(record.progress, Progress::Begun | Progress::Redeeming)
                && now.since(record.attempt.begun_at) < i64::from(ATTEMPT_SECONDS) * 1000
        });
        let delay = self.delay(config, now)?;
        let state = state(Situation {
            kind,
            authentication: authentication.as_ref(),
            signing_in,
            approval_asked: mailbox.approval_asked_at.is_some(),
            removed: mailbox.removed_at.is_some(),
            delayed: delay.is_some(),
            access_code_missing: mailbox.lacks_access_code(),
            server_refuses: mailbox.server_trouble.is_some(),
        });
        let sending = Sending::from(&mailbox.settings);
        Ok(MailboxView {
            id: mailbox.id,
            version: mailbox.version,
            message_bytes_effective: message_bytes_effective(&mailbox.settings),
            access_code_stored: mailbox.access_code.is_some(),
            relay_key_stored: mailbox.relay_key.is_some(),
            installation_relay: config.relay_for(api::Kind::SmtpBasic).is_some(),
            state,
            trouble: if kind.signs_in() {
                authentication.as_ref().and_then(|record| record.trouble.as_ref()).map(Trouble::view)
            } else {
                mailbox.server_trouble.as_ref().map(Trouble::view)
            },
            authentication: authentication.map(|record| {
                let endpoints = config.registration.endpoints.of(record.cloud);
                view(&record, sending, &endpoints, now)
            }),
            delay,
            approval: mailbox.approval_asked_at.map(|since| ApprovalView { since, ..around.approval }),
            removed_at: mailbox.removed_at,
            registration: kind.signs_in().then_some(around.registration),
            waiting: self.store.open_messages()?,
            handed_over_at: self.store.handed_over_at()?.max(mailbox.handed_over_at),
            settings: mailbox.settings,
            now,
        })
    }

    /// Why mail waits though nobody needs to do anything: the mailbox pauses, its day has no room for the next message, or a
    /// message is tried again.
    fn delay(&self, config: &Config, now: Timestamp) -> Result<Option<Delay>, Problem> {
        if let Some(next) = self.store.next_message(now)? {
            let outbox = self.store.outbox()?;
            if let Some(pause) = outbox.pause.filter(|pause| pause.until > now) {
                return Ok(Some(pause));
            }
            // What the minute holds up is gone before anybody has read why.
            let day = Limits { per_minute: 0, ..config.limits };
            let until = outbox.pacing.next_start(day, next.open_recipients(), now);
            if until > now {
                let detail = "the mailbox has written to as many recipients as it may in a day".to_owned();
                return Ok(Some(Delay { code: Code::QuotaReached, detail, until }));
            }
        }
        Ok(self.store.next_retry()?.and_then(|message| {
            let failure = message.failure?;
            Some(Delay { code: failure.code, detail: failure.detail, until: message.next_attempt_at? })
        }))
    }
}
