use std::rc::Rc;
use std::time::Duration;

use api::{Code, MessageState, MessageView, Problem};
use futures_channel::oneshot;
use gateway::{RecipientStates, accept};

use super::Inner;
use super::calls::{Accept, Accepted, Look};
use super::idempotency::Once;
use super::records::MessageRecord;
use crate::host::{Vault, now, within};

/// Sealed bytes of one row: SQLite rows in an object are bounded at 2 MB.
const CHUNK_BYTES: usize = 1024 * 1024;

/// An alarm this long after a message was accepted finds it if everything else was lost, in milliseconds.
const SAFETY_NET_MS: i64 = 60_000;

impl Inner {
    /// Takes a message: sealed and written durably first, answered then, handed over afterwards.
    ///
    /// The runtime holds the answer back until the rows are durable (output gate), so `202` is true when it arrives.
    pub(super) async fn accept(self: &Rc<Self>, call: Accept, body: Vec<u8>) -> Result<Accepted, Problem> {
        let config = self.config()?;
        let mailbox = self.store.mailbox()?;
        let once = match self.once(&call, &body)? {
            Once::Before(view) => return Ok(Accepted { view, replayed: true }),
            Once::Now(once) => once,
        };
        let body = call.form.judge_again(body, |content| accept(&mailbox.settings, content))?;

        let mut sealed = Vec::new();
        for (n, chunk) in body.chunks(CHUNK_BYTES).enumerate() {
            let record = mailbox.sealed_as("message_body", format!("{}/{n}", call.id));
            sealed.push(Vault(&config.ring).seal(&record, chunk).await?);
        }

        // From here to the write there is no `await`: body and message become durable together.
        if let Some(stored) = self.store.message(call.id)? {
            // A repeated call changes nothing.
            return Ok(Accepted { view: stored.view(), replayed: true });
        }
        let now = now();
        let record = MessageRecord {
            id: call.id,
            state: MessageState::Queued,
            accepted_at: now,
            changed_at: now,
            attempts: 0,
            chunks: u32::try_from(sealed.len()).unwrap_or(u32::MAX),
            form: call.form,
            reference: call.reference,
            next_attempt_at: None,
            failure: None,
            upstream: None,
            recipients: RecipientStates::default(),
        };
        for (n, chunk) in (0..).zip(sealed) {
            self.store.add_chunk(call.id, n, chunk)?;
        }
        self.store.set_message(&record)?;
        if let Some(once) = &once {
            once.keep(call.id, now)?;
        }
        drop(once);
        self.wake_at(now.plus_millis(SAFETY_NET_MS)).await;

        let outcome = (call.wait_ms > 0).then(|| self.outcome_of(call.id));
        self.pump_soon();
        if let Some(outcome) = outcome {
            // Whatever comes first; the message goes its way all the same.
            let _ = within(Duration::from_millis(call.wait_ms), outcome).await;
        }
        Ok(Accepted { view: self.look(&Look { id: call.id })?, replayed: false })
    }

    /// What became of a message.
    pub(super) fn look(&self, call: &Look) -> Result<MessageView, Problem> {
        self.store.mailbox()?;
        let found = self.store.message(call.id)?;
        found
            .map(|record| record.view())
            .ok_or_else(|| Problem::new(Code::NotFound, "there is no such message"))
    }

    /// Becomes ready when the message's first attempt has ended.
    fn outcome_of(&self, id: api::MessageId) -> oneshot::Receiver<MessageView> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().entry(id).or_default().push(sender);
        receiver
    }
}
