//! *Testen*: signs in at a mail server of one's own and says goodbye, and tells each step when it happens.

use std::rc::Rc;

use api::{Code, Kind, Problem, TestFailure, TestLine, TestStep};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_util::StreamExt as _;
use gateway::{MailboxRecord, ServerOwner, Submitted, Trouble, failed_step, planned_steps, understand};
use microsoft::Refusal;
use relay_contract::Order;
use smtp::{Ending, Outcome};
use worker::Response;

use super::Inner;
use super::authentication::refresh::own_fault;
use super::outbox::carry_out::sign_in;
use super::outbox::frame::own_name;
use super::outbox::submit::{own_relay, own_server};
use crate::host::{now, random};
use crate::objects::call::reply;

/// Takes the mark away again, however a test ends.
struct Testing(Rc<Inner>);

impl Drop for Testing {
    fn drop(&mut self) {
        self.0.testing.set(false);
    }
}

impl Inner {
    /// Begins a test and answers with its lines.
    pub(super) fn test_server(self: &Rc<Self>) -> worker::Result<Response> {
        match self.begin_test() {
            Ok((mailbox, testing)) => {
                let (sender, lines) = unbounded();
                let inner = Rc::clone(self);
                self.in_background(async move {
                    inner.run_test(mailbox, &sender).await;
                    drop(testing);
                });
                Response::from_stream(lines.map(Ok::<Vec<u8>, worker::Error>))
            }
            Err(problem) => reply::<()>(Err(problem)),
        }
    }

    fn begin_test(self: &Rc<Self>) -> Result<(MailboxRecord, Testing), Problem> {
        let mailbox = self.store.mailbox()?;
        if mailbox.settings.kind != Kind::SmtpBasic {
            let detail = "only a mail server of one's own is tested; this kind signs in at Microsoft";
            return Err(Problem::new(Code::KindNotAvailable, detail));
        }
        if self.testing.replace(true) {
            return Err(Problem::new(Code::Busy, "a test of this mailbox is under way").with_retry_after(5));
        }
        Ok((mailbox, Testing(Rc::clone(self))))
    }

    async fn run_test(self: &Rc<Self>, mailbox: MailboxRecord, lines: &UnboundedSender<Vec<u8>>) {
        let begun = now();
        let mut watch = Watch { lines, plan: Vec::new(), reached: Vec::new() };
        let refusal = match self.sign_in_at_server(&mailbox, &mut watch).await {
            Ok(outcome) if matches!(outcome.ending, Ending::SignedIn(_)) => None,
            Ok(outcome) => match understand(&outcome, ServerOwner::Own) {
                Submitted::Refused(refusal, _) | Submitted::TokenRefused(refusal) => Some(refusal),
                Submitted::HandedOver(_) | Submitted::Divided { .. } => {
                    Some(Refusal::new(Code::Internal, "the server took a message that nobody sent"))
                }
            },
            Err(refusal) => Some(refusal),
        };
        let Some(refusal) = refusal else {
            self.forget_server_trouble(&mailbox);
            return watch.tell(&TestLine::Passed { took_ms: now().since(begun) });
        };
        if matches!(refusal.code, Code::AccessCodeRefused | Code::ServerRefused | Code::RelayRefused) {
            self.note_server_trouble(&mailbox, &refusal);
        }
        let trouble = Trouble::after(&refusal, None, now()).view();
        let step = failed_step(&watch.plan, &watch.reached);
        watch.tell(&TestLine::Failed(Box::new(TestFailure { step, trouble })));
    }

    async fn sign_in_at_server(
        &self,
        mailbox: &MailboxRecord,
        watch: &mut Watch<'_>,
    ) -> Result<Outcome, Refusal> {
        let config = self.config().map_err(own_fault)?;
        let has_own = !mailbox.settings.relay_url.trim().is_empty();
        let by_relay = has_own || config.relay_for(Kind::SmtpBasic).is_some();
        watch.plan = planned_steps(&mailbox.settings, by_relay);
        watch.tell(&TestLine::Plan(watch.plan.clone()));
        let (server, relay) = (own_server(&config, mailbox).await?, own_relay(&config, mailbox).await?);
        let id: [u8; 16] = random().map_err(own_fault)?;
        let order = Order {
            id: format!("test_{}", URL_SAFE_NO_PAD.encode(id)),
            server,
            ehlo_name: own_name(&config).to_owned(),
            message: None,
        };
        sign_in(&order, relay.as_ref(), |step| {
            watch.reached.push(step);
            watch.tell(&TestLine::Step(step));
        })
        .await
    }

    /// The server lets the mailbox in: what waited for that goes out.
    fn forget_server_trouble(self: &Rc<Self>, mailbox: &MailboxRecord) {
        let Ok(mut current) = self.store.mailbox() else { return };
        if current.version != mailbox.version || current.server_trouble.is_none() {
            return;
        }
        current.server_trouble = None;
        if self.store.set_mailbox(&current).is_ok() && self.release_held().is_ok() {
            self.pump_soon();
        }
    }
}

/// Who watches, and what there was to see.
struct Watch<'l> {
    lines: &'l UnboundedSender<Vec<u8>>,
    plan: Vec<TestStep>,
    reached: Vec<TestStep>,
}

impl Watch<'_> {
    fn tell(&self, line: &TestLine) {
        let mut bytes = serde_json::to_vec(line).unwrap_or_default();
        bytes.push(b'\n');
        // Nobody watches any more; the test goes on, since what it finds is kept.
        let _ = self.lines.unbounded_send(bytes);
    }
}
