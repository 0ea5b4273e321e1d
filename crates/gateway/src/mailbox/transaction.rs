//! What the steps of a mailbox are made of: each method reads and writes in the transaction of its step.

use api::{Code, Problem};
use microsoft::{Refusal, Resource};

use super::{Context, Effect, GraphCheck, LogEntry, MailboxRecord, Memory, alarm};
use crate::outbox::release::{self, Cause};
use crate::outbox::{
    AttemptKey, Delivery, DeliveryResult, Gate, Message, Policy, RunBudget, Stage, Started,
    concerns_the_mailbox,
};
use crate::settings::Transport;
use crate::store::Store;
use crate::tokens::{self, Renewed, Tokens, Trouble, fresh_token_refused, not_signed_in, renewal_due};

/// One step while it runs: its transaction is open.
pub(super) struct Transaction<'s> {
    pub(super) store: &'s Store,
    pub(super) memory: &'s mut Memory,
    pub(super) context: &'s Context<'s>,
    pub(super) effects: Vec<Effect>,
}

impl Transaction<'_> {
    pub(super) fn start_deliveries(&mut self, budget: &mut RunBudget) -> Result<(), Problem> {
        let mailbox = self.store.records().mailbox()?;
        let policy = self.policy(&mailbox);
        self.memory.scheduler.recover(self.store, &policy, &mut self.effects)?;
        while let Some((key, route, result)) = self.memory.scheduler.next_unrecorded() {
            if self.memory.scheduler.resting(self.context.now) > self.context.now {
                break;
            }
            self.finish(key, route, &result, false)?;
        }
        self.memory.tokens.give_up_lost(self.context.now);
        // Attempts wait for the renewal under way; without one, its end was lost.
        if self.memory.tokens.under_way(self.context.now).is_none()
            && self.memory.scheduler.any_awaits_token()
        {
            self.serve_awaiting()?;
        }
        self.advance_release()?;
        self.check_circuit(&mailbox)?;
        loop {
            // Each attempt may change what stands in the way.
            let gate = self.gate(&mailbox)?;
            let Some(started) = self.memory.scheduler.start_next(
                self.store,
                &mailbox,
                &gate,
                budget,
                self.context,
                &mut self.effects,
            )?
            else {
                return Ok(());
            };
            self.deliver(started, &mailbox)?;
        }
    }

    /// Hands a started message to the host, or lets it wait for a token.
    fn deliver(&mut self, started: Started, mailbox: &MailboxRecord) -> Result<(), Problem> {
        let Started { key, message } = started;
        if let Some(resource) = Transport::of(&mailbox.settings).resource() {
            return self.deliver_with_token(key, &message, mailbox, resource, None);
        }
        self.push_delivery(key, message, mailbox, None, None);
        Ok(())
    }

    fn deliver_with_token(
        &mut self,
        key: AttemptKey,
        message: &Message,
        mailbox: &MailboxRecord,
        resource: Resource,
        refused: Option<u64>,
    ) -> Result<(), Problem> {
        let Some(authentication) = self.store.records().authentication()? else {
            let refusal = not_signed_in();
            return self.finish(key, None, &DeliveryResult::Refused { refusal, stage: Stage::Token }, true);
        };
        if let Some(token) = Tokens::usable(&authentication, resource, refused, self.context.now) {
            self.push_delivery(key, message.clone(), mailbox, Some(authentication), Some(token));
            return Ok(());
        }
        // Asking with tokens that Entra has ended would be a loop, which it answers with a refusal of its own.
        let ended = authentication.trouble.filter(Trouble::ends_the_tokens);
        let renewal = match ended {
            Some(trouble) => Err(Refusal::new(trouble.code, trouble.detail)),
            None => self.request_renewal(resource)?,
        };
        let refusal = match renewal {
            Ok(_) if self.memory.scheduler.await_token(key) => return Ok(()),
            Ok(_) => Refusal::new(Code::Busy, "the mailbox was signed in anew again and again"),
            Err(refusal) => refusal,
        };
        self.finish(key, None, &DeliveryResult::Refused { refusal, stage: Stage::Token }, true)
    }

    fn push_delivery(
        &mut self,
        key: AttemptKey,
        message: Message,
        mailbox: &MailboxRecord,
        authentication: Option<tokens::Authentication>,
        token: Option<u64>,
    ) {
        let mailbox = mailbox.clone();
        let delivery = Delivery { key, message, mailbox, authentication, token };
        self.effects.push(Effect::Deliver(Box::new(delivery)));
    }

    /// Lets attempts that wait for a token go on with the one that is there now.
    pub(super) fn serve_awaiting(&mut self) -> Result<(), Problem> {
        let mailbox = self.store.records().mailbox()?;
        for (key, refused) in self.memory.scheduler.take_awaiting() {
            let Some(message) = self.store.messages().get(key.message)? else { continue };
            match Transport::of(&mailbox.settings).resource() {
                Some(resource) => self.deliver_with_token(key, &message, &mailbox, resource, refused)?,
                None => self.push_delivery(key, message, &mailbox, None, None),
            }
        }
        Ok(())
    }

    /// Ends attempts that wait for a token that can't be had.
    pub(super) fn end_awaiting(&mut self, refusal: &Refusal) -> Result<(), Problem> {
        for (key, _) in self.memory.scheduler.take_awaiting() {
            let result = DeliveryResult::Refused { refusal: refusal.clone(), stage: Stage::Token };
            self.finish(key, None, &result, true)?;
        }
        self.advance_release()
    }

    /// Records a result, and what it says of the mailbox. `noted` says that the tokens' trouble is noted already.
    pub(super) fn finish(
        &mut self,
        key: AttemptKey,
        route: Option<api::Route>,
        result: &DeliveryResult,
        noted: bool,
    ) -> Result<(), Problem> {
        let mailbox = self.store.records().mailbox()?;
        let policy = self.policy(&mailbox);
        let finished =
            self.memory.scheduler.finish(self.store, key, route, result, &policy, &mut self.effects)?;
        let Some(Ok(message)) = finished else { return Ok(()) };
        if let (DeliveryResult::Refused { refusal, stage }, false) = (result, noted) {
            if refusal.code == Code::SignInAgain && *stage == Stage::HandOver {
                self.note_trouble(mailbox, &fresh_token_refused(refusal))?;
            } else if concerns_the_mailbox(refusal.code, *stage, policy.shared) {
                self.note_trouble(mailbox, refusal)?;
            }
        }
        let outbox = self.store.records().outbox()?;
        if release::is_probe(&outbox, &message) && message.state().is_final() {
            self.clear_trouble()?;
        }
        if matches!(result, DeliveryResult::HandedOver { .. } | DeliveryResult::Divided { .. }) {
            self.renew_after_send()?;
        }
        Ok(())
    }

    /// Every send renews the tokens; a burst shares a renewal.
    fn renew_after_send(&mut self) -> Result<(), Problem> {
        let mailbox = self.store.records().mailbox()?;
        let Some(resource) = Transport::of(&mailbox.settings).resource() else { return Ok(()) };
        let is_due = self.store.records().authentication()?.is_some_and(|record| {
            record.trouble.is_none()
                && renewal_due(record.renewed_at, self.context.now, self.context.renew_after_ms)
        });
        if is_due {
            // A failure is noted in the authentication; the next send tries again.
            self.request_renewal(resource)?.ok();
        }
        Ok(())
    }

    /// Renews a mailbox that sends nothing, and one whose trouble may be gone.
    pub(super) fn keep_alive(&mut self) -> Result<(), Problem> {
        let mailbox = self.store.records().mailbox()?;
        let is_due =
            alarm::renewal_at(self.store, &mailbox, self.context)?.is_some_and(|at| at <= self.context.now);
        if let Some(resource) = Transport::of(&mailbox.settings).resource().filter(|_| is_due) {
            self.request_renewal(resource)?.ok();
        }
        Ok(())
    }

    pub(super) fn request_renewal(&mut self, resource: Resource) -> Result<Result<u64, Refusal>, Problem> {
        self.memory.tokens.request(self.store, resource, self.context, &mut self.effects)
    }

    /// Makes the harmless request that an open circuit waits for.
    fn check_circuit(&mut self, mailbox: &MailboxRecord) -> Result<(), Problem> {
        let before = self.store.records().outbox()?;
        let is_wanted = self.store.messages().next_due_at()?.is_some_and(|at| at <= self.context.now);
        if !is_wanted || !self.memory.scheduler.start_check(&before, self.context.now) {
            return Ok(());
        }
        let mut outbox = before.clone();
        let graph =
            Transport::of(&mailbox.settings).resource().filter(|resource| *resource == Resource::Graph);
        let (Some(resource), Some(authentication)) = (graph, self.store.records().authentication()?) else {
            // By SMTP, the connection and the sign-in that precede the message are the harmless request.
            self.memory.scheduler.end_check();
            outbox.breaker.check_succeeded();
            return self.store.records().set_outbox(&before, &outbox);
        };
        if let Some(token) = Tokens::usable(&authentication, resource, None, self.context.now) {
            let check = GraphCheck { mailbox: mailbox.clone(), token, resource };
            self.effects.push(Effect::CheckGraph(Box::new(check)));
            return Ok(());
        }
        self.memory.scheduler.end_check();
        if self.request_renewal(resource)?.is_err() {
            outbox.breaker.check_failed(self.context.now);
        }
        self.store.records().set_outbox(&before, &outbox)
    }

    /// Why no message of this mailbox can go now, whichever it is.
    pub(super) fn gate(&self, mailbox: &MailboxRecord) -> Result<Gate, Problem> {
        let probe = self.store.records().outbox()?.release.and_then(|release| release.probe);
        let closed = |refusal, probe| Ok(Gate::Closed { refusal: Box::new(refusal), probe });
        let of = |trouble: Trouble| Refusal::new(trouble.code, trouble.detail);
        if !mailbox.settings.kind.signs_in() {
            if mailbox.lacks_access_code() {
                let detail = "no password is stored for the mail server";
                return closed(Refusal::new(Code::AccessCodeMissing, detail), None);
            }
            return match mailbox.server_trouble.clone() {
                Some(trouble) => closed(of(trouble), probe),
                None => Ok(Gate::Open),
            };
        }
        match self.store.records().authentication()? {
            None => closed(not_signed_in(), None),
            Some(authentication) => match authentication.trouble {
                Some(trouble) if trouble.ends_the_tokens() => closed(of(trouble), None),
                Some(trouble) if trouble.met_at_hand_over => closed(of(trouble), probe),
                Some(trouble) => closed(of(trouble), None),
                None => Ok(Gate::Open),
            },
        }
    }

    /// Whether a message may show that the trouble is gone.
    pub(super) fn can_be_probed(&self) -> Result<bool, Problem> {
        let mailbox = self.store.records().mailbox()?;
        if !mailbox.settings.kind.signs_in() {
            return Ok(!mailbox.lacks_access_code());
        }
        let authentication = self.store.records().authentication()?;
        Ok(authentication.is_some_and(|it| {
            it.trouble.is_none_or(|trouble| trouble.met_at_hand_over && !trouble.ends_the_tokens())
        }))
    }

    /// Releases held messages, one as a probe first. Without any there is no probe, and the trouble is taken as gone.
    pub(super) fn release(&mut self, cause: Cause) -> Result<(), Problem> {
        if !self.can_be_probed()? {
            return Ok(());
        }
        if !release::begin(self.store, cause, self.context.now)? && cause != Cause::Deployed {
            self.clear_trouble()?;
        }
        self.pump();
        Ok(())
    }

    /// Moves the release of held messages on.
    pub(super) fn advance_release(&mut self) -> Result<(), Problem> {
        let mailbox = self.store.records().mailbox()?;
        let is_open = matches!(self.gate(&mailbox)?, Gate::Open);
        if release::advance(self.store, is_open, self.context.now)? {
            self.pump();
        }
        Ok(())
    }

    /// Held messages are tried again by a new version or configuration: that may be the repair.
    pub(super) fn release_for_deployment(&mut self) -> Result<(), Problem> {
        let before = self.store.records().outbox()?;
        if before.deployment.as_deref() == Some(self.context.deployment) {
            return Ok(());
        }
        let mut outbox = before.clone();
        outbox.deployment = Some(self.context.deployment.to_owned());
        let holds = !self.store.messages().held_before(self.context.now, true, 1)?.is_empty();
        // A mailbox that holds nothing needs no row for it.
        if holds || before.deployment.is_some() {
            self.store.records().set_outbox(&before, &outbox)?;
        }
        self.release(Cause::Deployed)
    }

    fn note_trouble(&mut self, mailbox: MailboxRecord, refusal: &Refusal) -> Result<(), Problem> {
        if !mailbox.settings.kind.signs_in() {
            return self.note_server_trouble(mailbox, refusal);
        }
        if let Some(mut authentication) = self.store.records().authentication()? {
            tokens::note_failure(&mut authentication, refusal, true, self.context);
            self.store.records().set_authentication(&authentication)?;
        }
        Ok(())
    }

    pub(super) fn note_server_trouble(
        &mut self,
        mut mailbox: MailboxRecord,
        refusal: &Refusal,
    ) -> Result<(), Problem> {
        if refusal.code.retryable() {
            return Ok(());
        }
        let before = mailbox.server_trouble.take();
        mailbox.server_trouble = Some(Trouble::after(refusal, before.as_ref(), self.context.now));
        self.store.records().set_mailbox(&mailbox)
    }

    /// The other side has taken a message: what it refused before is gone.
    fn clear_trouble(&mut self) -> Result<(), Problem> {
        let mut mailbox = self.store.records().mailbox()?;
        if mailbox.server_trouble.take().is_some() {
            self.store.records().set_mailbox(&mailbox)?;
        }
        if let Some(mut authentication) = self.store.records().authentication()?
            && authentication.trouble.take_if(|trouble| trouble.met_at_hand_over).is_some()
        {
            self.store.records().set_authentication(&authentication)?;
        }
        Ok(())
    }

    /// Takes an authentication over; KV follows, and held messages go.
    pub(super) fn connect(&mut self, authentication: &tokens::Authentication) -> Result<(), Problem> {
        let mut mailbox = self.store.records().mailbox()?;
        mailbox.epoch += 1;
        mailbox.approval_asked_at = None;
        mailbox.removed_at = None;
        self.store.records().set_mailbox(&mailbox)?;
        self.store.records().set_authentication(authentication)?;
        tokens::follow(self.store, authentication, true, self.context)?;
        self.effects.push(Effect::WorkOnKv);
        self.release(Cause::Repaired)
    }

    /// Deletes the tokens and raises the epoch, so that a renewal under way is void. The caller writes the mailbox.
    pub(super) fn forget_authentication(&mut self, mailbox: &mut MailboxRecord) -> Result<(), Problem> {
        mailbox.epoch += 1;
        self.store.records().delete_authentication()?;
        self.store.consent_attempts().delete_all()?;
        tokens::delete_copies(self.store)?;
        self.effects.push(Effect::WorkOnKv);
        self.pump();
        Ok(())
    }

    pub(super) fn count_unseen(&mut self, message: &Message) -> Result<(), Problem> {
        let before = self.store.records().outbox()?;
        let mut outbox = before.clone();
        crate::outbox::count_unseen(&mut outbox, message, self.context.now);
        self.store.records().set_outbox(&before, &outbox)
    }

    fn policy(&self, mailbox: &MailboxRecord) -> Policy {
        Policy {
            shared: mailbox.settings.shared,
            repeat_unknown: mailbox.settings.repeat_unknown,
            keeps_content: mailbox.settings.content_days > 0,
            jitter: self.context.jitter(),
            now: self.context.now,
        }
    }

    pub(super) fn pump(&mut self) {
        self.effects.push(Effect::Pump);
    }

    /// An attempt that ends makes room for the next message, which else would wait for the alarm.
    pub(super) fn pump_if_due(&mut self) -> Result<(), Problem> {
        if self.store.messages().next_due_at()?.is_some_and(|at| at <= self.context.now) {
            self.pump();
        }
        Ok(())
    }

    pub(super) fn log(
        &mut self,
        event: &'static str,
        outcome: &'static str,
        detail: &str,
    ) -> Result<(), Problem> {
        let object = self.store.records().mailbox()?.id.to_string();
        let entry = LogEntry { event, outcome, object, detail: detail.to_owned(), ..LogEntry::default() };
        self.effects.push(Effect::Log(entry));
        Ok(())
    }

    pub(super) fn log_renewal(&mut self, renewed: &Result<Renewed, Refusal>) -> Result<(), Problem> {
        match renewed {
            Ok(Renewed::Void) => self.log("renewal", "void", ""),
            Ok(_) => self.log("renewal", "renewed", ""),
            Err(refusal) => {
                let detail = crate::sealing::masked(&refusal.detail);
                self.log("renewal", refusal.code.as_str(), &detail)
            }
        }
    }
}
