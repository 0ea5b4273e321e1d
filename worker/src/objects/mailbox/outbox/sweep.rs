//! What is not kept for ever: content, the log, idempotency keys, and mail that nobody let go.

use api::{Code, MessageId, MessageState, Problem, Timestamp};
use gateway::{MessageRecord, held_until};
use microsoft::Refusal;

use crate::host::{Line, log, now};
use crate::objects::mailbox::Inner;
use crate::objects::sql::{Json, from_json};

/// How often it is looked for, in milliseconds.
const EVERY_MS: i64 = 24 * 3_600_000;
const DAY_MS: i64 = 24 * 3_600_000;
/// Messages of one sweep; where there are more, the next one follows soon.
const SWEPT_MAX: usize = 500;
/// Chunks that no message has after this have been given up, in milliseconds: a request that brings them takes seconds.
const STAGING_MS_MAX: i64 = 3_600_000;

impl Inner {
    /// Deletes what has been kept for as long as the settings say, once a day.
    pub(in crate::objects::mailbox) fn sweep(&self) {
        let is_due = self.next_sweep().is_ok_and(|at| at.is_some_and(|at| at <= now()));
        if !is_due {
            return;
        }
        if let Err(problem) = self.sweep_now() {
            self.rest(&problem);
        }
    }

    /// When something is to be swept next; never while nothing is kept.
    pub(in crate::objects::mailbox) fn next_sweep(&self) -> Result<Option<Timestamp>, Problem> {
        let any: Option<Json> = self.store.sql().row("SELECT id AS json FROM message LIMIT 1", Vec::new())?;
        let mailbox = self.store.mailbox()?;
        let before = self.store.outbox()?.swept_at.unwrap_or(mailbox.created_at);
        Ok(any.map(|_| before.plus_millis(EVERY_MS).max(self.resting_until.get())))
    }

    fn sweep_now(&self) -> Result<(), Problem> {
        let now = now();
        let settings = self.store.mailbox()?.settings;
        self.sweep_stagings(now.plus_millis(-STAGING_MS_MAX))?;
        self.forget_old_keys()?;
        let mut swept = self.expire_held(now)?;
        let days = |days: u16| now.plus_millis(-DAY_MS * i64::from(days));
        swept += self.forget_content(days(settings.content_days))?;
        swept += self.forget_messages(days(settings.log_days))?;
        if swept < SWEPT_MAX {
            let mut outbox = self.store.outbox()?;
            outbox.swept_at = Some(now);
            self.store.set_outbox(&outbox)?;
        }
        let rows = self.store.sql().take_written();
        log(&Line { event: "sweep", outcome: "done", rows, ..Line::default() });
        Ok(())
    }

    /// Nobody came to let these go.
    fn expire_held(&self, now: Timestamp) -> Result<usize, Problem> {
        let query =
            "SELECT json FROM message WHERE due_at IS NOT NULL AND state = 'held' ORDER BY id LIMIT ?";
        let held = self.messages(query, SWEPT_MAX, Vec::new())?;
        let mut swept = 0;
        for mut message in held.into_iter().filter(|held| held_until(held.changed_at) <= now) {
            let before = message.failure.as_ref();
            let code = before.map_or(Code::NotAuthenticated, |failure| failure.code);
            let detail = before.map_or_else(String::new, |failure| failure.detail.clone());
            self.close(&mut message, MessageState::Expired, &Refusal::new(code, detail))?;
            message.changed_at = now;
            self.store.set_message(&message)?;
            swept += 1;
        }
        Ok(swept)
    }

    /// Content of messages that were handed over before that moment.
    fn forget_content(&self, before: Timestamp) -> Result<usize, Problem> {
        let query = "SELECT json FROM message WHERE state = 'handed_over' AND json_extract(json, '$.content_kept') = 1 \
                     AND json_extract(json, '$.failure') IS NULL AND json_extract(json, '$.changed_at') < ? LIMIT ?";
        let old = self.messages(query, SWEPT_MAX, vec![before.to_string().into()])?;
        for message in &old {
            self.store.delete_chunks(&message.content_key())?;
            self.store.set_message(&MessageRecord { content_kept: false, ..message.clone() })?;
        }
        Ok(old.len())
    }

    /// Messages that were accepted before that moment and have ended, with whatever content is left.
    fn forget_messages(&self, before: Timestamp) -> Result<usize, Problem> {
        let query = "SELECT json FROM message WHERE id < ? AND due_at IS NULL LIMIT ?";
        let old = self.messages(query, SWEPT_MAX, vec![MessageId::first_of(before).into()])?;
        let handed_over = old.iter().filter(|message| message.state == MessageState::HandedOver);
        let last = handed_over.map(|message| message.changed_at).max();
        let mut mailbox = self.store.mailbox()?;
        if last > mailbox.handed_over_at {
            // The page goes on telling it.
            mailbox.handed_over_at = last;
            self.store.set_mailbox(&mailbox)?;
        }
        for message in &old {
            self.store.delete_chunks(&message.content_key())?;
            self.store.delete_message(message.id)?;
        }
        Ok(old.len())
    }

    fn messages(
        &self,
        query: &str,
        limit: usize,
        mut values: Vec<worker::SqlStorageValue>,
    ) -> Result<Vec<MessageRecord>, Problem> {
        values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
        let rows: Vec<Json> = self.store.sql().rows(query, values)?;
        rows.iter().map(|row| from_json(&row.json)).collect()
    }
}
