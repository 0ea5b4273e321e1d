use std::rc::Rc;
use std::time::Duration;

use api::{MessageId, MessageState, MessageView, Problem};
use futures_channel::oneshot;
use gateway::{MessageRecord, RecipientStates, accept};

use super::idempotency::Once;
use crate::host::{now, within};
use crate::objects::mailbox::Inner;
use crate::objects::mailbox::calls::{Accept, Accepted, Look};

/// An alarm this long after a message was accepted finds it if everything else was lost, in milliseconds.
pub(in crate::objects::mailbox) const SAFETY_NET_MS: i64 = 60_000;

impl Inner {
    /// Takes a message: sealed and written durably first, answered then, handed over afterwards.
    ///
    /// The runtime holds the answer back until the rows are durable (output gate), so `202` is true when it arrives.
    pub(in crate::objects::mailbox) async fn accept(
        self: &Rc<Self>,
        call: Accept,
        body: Vec<u8>,
    ) -> Result<Accepted, Problem> {
        let config = self.config()?;
        let mailbox = self.store.mailbox()?;
        let once = match self.once(&call, &body)? {
            Once::Before(id) => return self.answer(id, call.wait_ms, true).await,
            Once::Now(once) => once,
        };
        let (body, recipients) = call.form.judge_again(body, |content| {
            accept(&mailbox.settings, content).map(|()| content.recipients().len())
        })?;
        let staged = self.stage(&config, &mailbox, call.id, &body).await?;

        // From here to the write there is no `await`: content and message become durable together.
        if self.store.message(call.id)?.is_some() {
            // The Worker asked twice, since an answer of ours was lost. The other one's content stays.
            return self.answer(call.id, call.wait_ms, false).await;
        }
        let now = now();
        let (chunks, staging) = self.keep_staged(call.id, staged)?;
        let scheduled = call.scheduled_at.filter(|at| *at > now);
        let record = MessageRecord {
            id: call.id,
            state: if scheduled.is_some() { MessageState::Scheduled } else { MessageState::Queued },
            accepted_at: now,
            changed_at: now,
            attempts: 0,
            chunks,
            staging,
            content_kept: false,
            bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
            recipient_count: u32::try_from(recipients).unwrap_or(u32::MAX),
            form: call.form,
            reference: call.reference,
            scheduled_at: call.scheduled_at,
            since: Some(scheduled.unwrap_or(now)),
            next_attempt_at: None,
            lease: None,
            starts: 0,
            failure: None,
            upstream: None,
            recipients: RecipientStates::default(),
            log: Vec::new(),
        };
        drop(body);
        self.store.set_message(&record)?;
        if let Some(once) = &once {
            once.keep(call.id, now)?;
        }
        drop(once);
        self.wake_at(scheduled.unwrap_or(now.plus_millis(SAFETY_NET_MS))).await;
        self.answer(call.id, call.wait_ms, false).await
    }

    /// The message, after its outcome or after so long.
    async fn answer(
        self: &Rc<Self>,
        id: MessageId,
        wait_ms: u64,
        replayed: bool,
    ) -> Result<Accepted, Problem> {
        let has_begun = |state| !matches!(state, MessageState::Queued | MessageState::Sending);
        let waits = wait_ms > 0 && !self.store.message(id)?.is_some_and(|message| has_begun(message.state));
        let outcome = waits.then(|| self.outcome_of(id));
        self.pump_soon();
        if let Some(outcome) = outcome {
            // Whatever comes first; the message goes its way all the same.
            let _ = within(Duration::from_millis(wait_ms), outcome).await;
        }
        Ok(Accepted { view: self.look(&Look { id })?, replayed })
    }

    /// What became of a message.
    pub(in crate::objects::mailbox) fn look(&self, call: &Look) -> Result<MessageView, Problem> {
        self.found(call.id).map(|message| message.view())
    }

    /// Becomes ready when the message's first attempt has ended.
    fn outcome_of(&self, id: MessageId) -> oneshot::Receiver<MessageView> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().entry(id).or_default().push(sender);
        receiver
    }
}
