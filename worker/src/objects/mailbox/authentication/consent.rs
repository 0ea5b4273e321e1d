//! Signing the mailbox in: a consent attempt from its beginning to the authentication it leads to.

use std::rc::Rc;
use std::time::Duration;

use api::{BegunConsent, Code, ConsentOutcome, Digest, MailboxView, Problem};
use futures_channel::oneshot;
use gateway::{
    ATTEMPT_SECONDS, Attempt, AttemptRecord, Authentication, CameBack, Progress, RefusedReturn,
    judge_refusal, kept_confirmation, verify_return,
};
use microsoft::asked_at_consent;

use super::redeem::{Redeemed, ended};
use crate::config::Config;
use crate::host::{Line, log, now, within};
use crate::objects::mailbox::Inner;
use crate::objects::mailbox::calls::{
    Answer, Around, BeginAttempt, FinishAttempt, FinishedAttempt, RefuseAttempt,
};

/// An attempt is remembered this long, so that a late second post still learns its outcome.
const REMEMBERED_MS: i64 = 24 * 3600 * 1000;
/// Longest wait of a second post for the first one's outcome: redeeming, `/me` and a little.
const JOIN_LIMIT: Duration = Duration::from_mins(1);
/// SHA-256 in base64url without padding.
const DIGEST_CHARS: usize = 43;

impl Inner {
    pub(in crate::objects::mailbox) async fn begin_attempt(
        &self,
        call: BeginAttempt,
    ) -> Result<BegunConsent, Problem> {
        let config = self.config()?;
        let registration = self.registration(&config).await?;
        let mailbox = self.store.mailbox()?;
        let kind = mailbox.settings.kind;
        if !kind.signs_in() {
            return Err(Problem::new(
                Code::KindNotAvailable,
                "this kind has a user name and access code, and no sign-in",
            ));
        }
        let hashes = call.begin;
        for digest in [&hashes.challenge.0, &hashes.state_hash.0, &hashes.nonce_hash.0] {
            if digest.len() != DIGEST_CHARS {
                return Err(Problem::new(Code::MalformedRequest, "a hash is 43 characters of base64url"));
            }
        }
        let now = now();
        let attempt = Attempt {
            id: call.id,
            session: call.session,
            kind,
            shared: mailbox.settings.shared,
            address: mailbox.settings.address.clone(),
            tenant: call.tenant.unwrap_or_else(|| registration.tenant.clone()),
            client_id: registration.client_id.clone(),
            challenge: Digest(hashes.challenge.0),
            state_hash: hashes.state_hash,
            nonce_hash: hashes.nonce_hash,
            begun_at: now,
        };
        // Nobody can sign in as a shared mailbox, and a hint and a prompt must not meet (Microsoft: v2-protocols-oidc).
        let choose = hashes.choose_account || attempt.shared;
        let trouble = self.store.authentication()?.and_then(|authentication| authentication.trouble);
        let begun = BegunConsent {
            attempt: attempt.id,
            authorization_endpoint: registration.endpoints.authorize(&attempt.tenant),
            client_id: attempt.client_id.clone(),
            redirect_uri: config.redirect_uri(),
            scopes: asked_at_consent(attempt.sending(), &registration.endpoints),
            login_hint: (!choose).then(|| attempt.address.clone()),
            prompt: choose.then(|| "select_account".to_owned()),
            claims: trouble.and_then(|trouble| trouble.claims),
            expires_in_seconds: ATTEMPT_SECONDS,
        };
        self.store.delete_attempts_before(now.plus_millis(-REMEMBERED_MS))?;
        self.store.set_attempt(&AttemptRecord { attempt, progress: Progress::Begun })?;
        Ok(begun)
    }

    /// Redeems the code, once: a second post gets the first one's outcome.
    pub(in crate::objects::mailbox) async fn finish_attempt(
        self: &Rc<Self>,
        call: FinishAttempt,
    ) -> Result<ConsentOutcome, Problem> {
        let config = self.config()?;
        if let Some(first) = self.first_post(&call) {
            // The outcome stands in the record, whether or not the first post told us in time.
            let _ = within(JOIN_LIMIT, first).await;
        }
        let mut record = self.attempt_of(call.id, &call.session)?;
        match record.progress {
            Progress::Begun => {}
            Progress::Connected => {
                return Ok(ConsentOutcome::Connected { mailbox: Box::new(self.page(&config, call.around)?) });
            }
            Progress::Confirm(outcome, _) => return Ok(*outcome),
            Progress::Refused(problem) => return Err(*problem),
            Progress::Redeeming => return Err(ended("it was cut off while the code was being redeemed")),
        }
        let mailbox = self.store.mailbox()?;
        let back = CameBack {
            answer: &call.finish,
            session: &call.session,
            settings: &mailbox.settings,
            now: now(),
        };
        let checked = verify_return(&record.attempt, back)?;
        let attempt = record.attempt.clone();
        record.progress = Progress::Redeeming;
        self.store.set_attempt(&record)?;
        self.redeeming.borrow_mut().insert(call.id, Vec::new());

        let around = call.around.clone();
        let redeemed = match self.registration(&config).await {
            Ok(registration) => self.redeem(&config, &registration, &attempt, call, checked).await,
            Err(problem) => Err(problem),
        };
        let outcome = redeemed.and_then(|redeemed| self.conclude(&config, redeemed, around));
        let (progress, outcome) = match outcome {
            Ok((progress, outcome)) => (progress, Ok(outcome)),
            Err(problem) => (Progress::Refused(Box::new(problem.clone())), Err(problem)),
        };
        let word = outcome.as_ref().map_or_else(|problem| problem.code.as_str(), |_| "in_order");
        log(&Line { event: "consent", outcome: word, object: &mailbox.id.to_string(), ..Line::default() });
        let kept = self.keep_progress(attempt.id, progress);
        for waiting in self.redeeming.borrow_mut().remove(&attempt.id).into_iter().flatten() {
            // A second post that has gone away by now is no loss.
            let _ = waiting.send(());
        }
        kept.and(outcome)
    }

    /// What the person said to a confirmation.
    pub(in crate::objects::mailbox) fn answer_attempt(
        self: &Rc<Self>,
        call: Answer,
    ) -> Result<Option<MailboxView>, Problem> {
        let config = self.config()?;
        let record = self.attempt_of(call.id, &call.session)?;
        let authentication = match record.progress {
            Progress::Confirm(_, authentication) => authentication,
            Progress::Connected => return self.page(&config, call.around).map(Some),
            Progress::Refused(problem) => return Err(*problem),
            // Cancelled at Microsoft, or here while waiting: nobody is there any more.
            Progress::Begun if !call.confirmed => {
                let cancelled = ended("it was cancelled");
                self.keep_progress(call.id, Progress::Refused(Box::new(cancelled)))?;
                return Ok(None);
            }
            Progress::Begun | Progress::Redeeming => return Err(ended("there is nothing to confirm")),
        };
        if !call.confirmed || !kept_confirmation(&record.attempt, &call.session, now()) {
            let detail =
                if call.confirmed { "the confirmation came too late" } else { "it was not confirmed" };
            self.keep_progress(call.id, Progress::Refused(Box::new(ended(detail))))?;
            return if call.confirmed { Err(ended(detail)) } else { Ok(None) };
        }
        self.connect(&config, &authentication)?;
        self.keep_progress(call.id, Progress::Connected)?;
        self.page(&config, call.around).map(Some)
    }

    /// Ends an attempt with the error that came back; one that does not belong to it changes nothing.
    pub(in crate::objects::mailbox) fn refuse_attempt(
        &self,
        call: &RefuseAttempt,
    ) -> Result<Problem, Problem> {
        let record = self.attempt_of(call.id, &call.session)?;
        match record.progress {
            Progress::Begun => {}
            // A second post of the same error gets what the first one got.
            Progress::Refused(problem) => return Ok(*problem),
            _ => return Err(ended("it is past the page at Microsoft")),
        }
        match judge_refusal(&record.attempt, &call.refused, &call.session, now()) {
            RefusedReturn::NotOurs(problem) => Err(problem),
            RefusedReturn::Ends(problem) => {
                let id = self.store.mailbox()?.id.to_string();
                let line =
                    Line { event: "consent", outcome: problem.code.as_str(), object: &id, ..Line::default() };
                log(&line);
                self.keep_progress(call.id, Progress::Refused(Box::new(problem.clone())))?;
                Ok(problem)
            }
        }
    }

    /// The tenant of a sign-in that waits for its confirmation.
    pub(in crate::objects::mailbox) fn tenant_to_confirm(
        &self,
        call: &FinishedAttempt,
    ) -> Result<String, Problem> {
        match self.attempt_of(call.id, &call.session)?.progress {
            Progress::Confirm(_, authentication) => Ok(authentication.tenant_id),
            _ => Err(ended("there is nothing to confirm")),
        }
    }

    fn attempt_of(&self, id: api::AttemptId, session: &Digest) -> Result<AttemptRecord, Problem> {
        self.store.mailbox()?;
        let found = self.store.attempt(id)?.filter(|record| record.attempt.session == *session);
        found.ok_or_else(|| ended("it was begun in another session, or the mailbox was changed since"))
    }

    fn first_post(&self, call: &FinishAttempt) -> Option<oneshot::Receiver<()>> {
        let mut redeeming = self.redeeming.borrow_mut();
        let waiting = redeeming.get_mut(&call.id)?;
        let (sender, receiver) = oneshot::channel();
        waiting.push(sender);
        Some(receiver)
    }

    fn keep_progress(&self, id: api::AttemptId, progress: Progress) -> Result<(), Problem> {
        match self.store.attempt(id)? {
            Some(mut record) => {
                record.progress = progress;
                self.store.set_attempt(&record)
            }
            // Removed meanwhile, together with everything that this sign-in could have led to.
            None => Ok(()),
        }
    }

    /// Connects, or keeps what a person must confirm first.
    fn conclude(
        self: &Rc<Self>,
        config: &Config,
        redeemed: Redeemed,
        around: Around,
    ) -> Result<(Progress, ConsentOutcome), Problem> {
        if self.store.mailbox()?.epoch != redeemed.epoch {
            return Err(ended(
                "the authentication was removed or replaced while this sign-in was being redeemed",
            ));
        }
        if redeemed.confirm.is_empty() {
            self.connect(config, &redeemed.authentication)?;
            let outcome = ConsentOutcome::Connected { mailbox: Box::new(self.page(config, around)?) };
            return Ok((Progress::Connected, outcome));
        }
        let outcome = ConsentOutcome::Confirm {
            account: redeemed.authentication.account.clone(),
            tenant: redeemed.authentication.tenant_id.clone(),
            reasons: redeemed.confirm,
        };
        Ok((Progress::Confirm(Box::new(outcome.clone()), Box::new(redeemed.authentication)), outcome))
    }

    /// Takes an authentication over: one synchronous step, then KV follows and held messages go out.
    fn connect(self: &Rc<Self>, config: &Config, authentication: &Authentication) -> Result<(), Problem> {
        let mut mailbox = self.store.mailbox()?;
        mailbox.epoch += 1;
        mailbox.approval_asked_at = None;
        mailbox.removed_at = None;
        self.store.set_mailbox(&mailbox)?;
        self.store.set_authentication(authentication)?;
        *self.token.borrow_mut() = None;
        self.follow_in_kv(config, authentication, true)?;
        self.release_held()?;
        let inner = self.clone();
        self.in_background(async move {
            inner.work_on_kv().await;
            inner.pump().await;
        });
        Ok(())
    }
}
