//! The nightly round: every mailbox of every organisation looks whether its alarm is still there, and an app's credential
//! that ends soon is warned of. Done in batches, each by an alarm of its own, so that none makes more subrequests than an
//! invocation has (Cloudflare: 50 on the free plan) and a batch that dies is done again.

use std::time::Duration;

use api::{MailboxId, OrganisationId, Problem, RequestId};
use serde::{Deserialize, Serialize};
use worker::Storage;

use super::Directory;
use crate::config::Config;
use crate::host::{Line, current_request, in_request, log};
use crate::objects::Objects;
use crate::objects::mailbox::Nudge;
use crate::objects::organisation::{AskRegistration, ListMailboxes};
use crate::objects::sql::storage_failed;
use crate::registration::warn_of_end;

/// Calls to other objects in one batch.
const CALLS_MAX: u32 = 40;

/// An organisation is asked for its registration and its mailboxes before any of these is.
const CALLS_FOR_ORGANISATION: u32 = 2;

/// A batch that has not ended after this is done again: its instance died. Each call has a deadline of 10 s, and an alarm
/// runs for 15 minutes at most.
const AGAIN_AFTER: Duration = Duration::from_mins(16);

const TABLE: &str = "round";

/// A round under way.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Round {
    /// The request that began it, for the log.
    request_id: Option<RequestId>,
    /// The last organisation that is done.
    organisation: Option<OrganisationId>,
    /// The last mailbox that is done, of the organisation after that.
    mailbox: Option<MailboxId>,
    organisations: u32,
    mailboxes: u32,
    failed: u32,
}

impl Directory {
    pub(super) async fn begin_round(&self) -> Result<(), Problem> {
        self.sql.run(
            "CREATE TABLE IF NOT EXISTS round (one INTEGER PRIMARY KEY, json TEXT NOT NULL)",
            Vec::new(),
        )?;
        // One that did not end since last night goes on, or the end of the list would never be reached.
        if self.sql.record::<Round>(TABLE)?.is_none() {
            self.sql.set_record(TABLE, &Round { request_id: current_request(), ..Round::default() })?;
        }
        self.wake(Duration::ZERO).await
    }

    /// The alarm: one batch. An error makes the runtime call again, up to six times; the next night goes on in any case.
    pub(super) async fn go_on(&self) -> worker::Result<()> {
        let Ok(Some(mut round)) = self.sql.record::<Round>(TABLE) else { return Ok(()) };
        let outcome = in_request(round.request_id, Box::pin(self.batch(&mut round))).await;
        outcome.map_err(|problem| {
            let detail = problem.log_detail().unwrap_or(&problem.detail);
            log(&Line { event: "cron", outcome: "failed", detail, ..Line::default() });
            worker::Error::RustError("the nightly round failed".to_owned())
        })
    }

    async fn batch(&self, round: &mut Round) -> Result<(), Problem> {
        // Armed before any work, so that a batch whose instance dies is done again.
        self.wake(AGAIN_AFTER).await?;
        let config = Config::load(&self.env)?;
        let objects = Objects::new(&self.env, &config.jurisdiction);
        let mut calls = CALLS_MAX;
        let ended = loop {
            if calls <= CALLS_FOR_ORGANISATION {
                break false;
            }
            let next = self.organisations_after(round.organisation, 1)?;
            let Some(id) = next.first() else { break true };
            self.visit(&objects, *id, round, &mut calls).await?;
        };
        if !ended {
            self.sql.set_record(TABLE, round)?;
            return self.wake(Duration::ZERO).await;
        }
        self.sql.run("DELETE FROM round", Vec::new())?;
        let Round { organisations, mailboxes, failed, .. } = round;
        let detail = format!("{organisations} organisations, {mailboxes} mailboxes, {failed} failed");
        let outcome = if *failed == 0 { "done" } else { "done_in_part" };
        log(&Line { event: "cron", outcome, detail: &detail, ..Line::default() });
        let gone = self.storage().delete_alarm().await;
        gone.map_err(|error| storage_failed(&error))
    }

    /// Visits one organisation, or as much of it as calls are left for. One that does not answer keeps no other from its turn.
    async fn visit(
        &self,
        objects: &Objects<'_>,
        id: OrganisationId,
        round: &mut Round,
        calls: &mut u32,
    ) -> Result<(), Problem> {
        let organisation = objects.organisation(id)?;
        *calls -= CALLS_FOR_ORGANISATION;
        if round.mailbox.is_none() {
            round.organisations += 1;
            match organisation.call(&AskRegistration {}).await {
                Ok(Some(own)) => warn_of_end(&own.view(), &id.to_string()),
                Ok(None) => {}
                Err(problem) => round.note(&problem, &id.to_string()),
            }
        }
        let mailboxes = organisation.call(&ListMailboxes {}).await.unwrap_or_else(|problem| {
            round.note(&problem, &id.to_string());
            Vec::new()
        });
        let last = round.mailbox;
        for mailbox in mailboxes.iter().filter(|mailbox| last.is_none_or(|last| mailbox.id > last)) {
            if *calls == 0 {
                return Ok(());
            }
            *calls -= 1;
            round.mailboxes += 1;
            if let Err(problem) = objects.mailbox(id, mailbox.id)?.call(&Nudge {}).await {
                round.note(&problem, &mailbox.id.to_string());
            }
            round.mailbox = Some(mailbox.id);
        }
        (round.organisation, round.mailbox) = (Some(id), None);
        Ok(())
    }

    async fn wake(&self, after: Duration) -> Result<(), Problem> {
        let set = self.storage().set_alarm(after).await;
        set.map_err(|error| storage_failed(&error))
    }

    fn storage(&self) -> Storage {
        self.state.storage()
    }
}

impl Round {
    fn note(&mut self, problem: &Problem, object: &str) {
        self.failed += 1;
        log(&Line { event: "nudge", outcome: problem.code.as_str(), object, ..Line::default() });
    }
}
