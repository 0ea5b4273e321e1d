//! The connection check: signs in at a mail server of one's own and says goodbye, and tells each step when it happens.

use std::cell::Cell;
use std::rc::Rc;

use api::{Code, Kind, Problem, TestFailure, TestLine, TestStep};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_util::StreamExt as _;
use gateway::mailbox::MailboxRecord;
use gateway::settings::{failed_step, planned_steps};
use gateway::submission::{ServerOwner, Submitted, understand};
use gateway::tokens::Trouble;
use microsoft::Refusal;
use relay_contract::Order;
use smtp::{Ending, Outcome};
use worker::Response;

use super::delivery::mime_frame::own_name;
use super::delivery::smtp::{own_relay, own_server};
use super::delivery::smtp_transport::sign_in;
use super::shell::Shell;
use crate::host::{now, random};
use crate::objects::call::reply;

/// Whether a check is under way: one at a time.
#[derive(Default)]
pub(super) struct ConnectionCheck {
    under_way: Cell<bool>,
}

/// A check under way, until this is dropped.
struct UnderWay(Rc<Shell>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.connection_check().under_way.set(false);
    }
}

/// Begins a check and answers with its lines.
pub(super) fn begin(shell: &Rc<Shell>) -> worker::Result<Response> {
    match start(shell) {
        Ok((mailbox, under_way)) => {
            let (sender, lines) = unbounded();
            let shell_of_run = Rc::clone(shell);
            shell.in_background(async move {
                run(&shell_of_run, mailbox, &sender).await;
                drop(under_way);
            });
            Response::from_stream(lines.map(Ok::<Vec<u8>, worker::Error>))
        }
        Err(problem) => reply::<()>(Err(problem)),
    }
}

fn start(shell: &Rc<Shell>) -> Result<(MailboxRecord, UnderWay), Problem> {
    let mailbox = shell.read(|machine, _| machine.mailbox())?;
    if mailbox.settings.kind != Kind::SmtpBasic {
        let detail = "only a mail server of one's own is tested; this kind signs in at Microsoft";
        return Err(Problem::new(Code::KindNotAvailable, detail));
    }
    if shell.connection_check().under_way.replace(true) {
        return Err(Problem::new(Code::Busy, "a test of this mailbox is under way").with_retry_after(5));
    }
    Ok((mailbox, UnderWay(Rc::clone(shell))))
}

async fn run(shell: &Rc<Shell>, mailbox: MailboxRecord, lines: &UnboundedSender<Vec<u8>>) {
    let begun = now();
    let mut watch = Watch { lines, plan: Vec::new(), reached: Vec::new() };
    let refusal = match sign_in_at_server(shell, &mailbox, &mut watch).await {
        Ok(outcome) if matches!(outcome.ending, Ending::SignedIn(_)) => None,
        Ok(outcome) => match understand(&outcome, ServerOwner::Own) {
            Submitted::Refused(refusal, _) | Submitted::TokenRefused(refusal) => Some(refusal),
            Submitted::HandedOver(_) | Submitted::Divided { .. } => {
                Some(Refusal::new(Code::Internal, "the server took a message that nobody sent"))
            }
        },
        Err(refusal) => Some(refusal),
    };
    let version = mailbox.version;
    let Some(refusal) = refusal else {
        // A problem is logged by the step; the next message is tried all the same.
        let _ = shell.step(|machine, context| machine.server_test_passed(version, context));
        return watch.tell(&TestLine::Passed { took_ms: now().since(begun) });
    };
    if matches!(refusal.code, Code::AccessCodeRefused | Code::ServerRefused | Code::RelayRefused) {
        let _ = shell.step(|machine, context| machine.server_test_failed(version, &refusal, context));
    }
    let trouble = Trouble::after(&refusal, None, now()).view();
    let step = failed_step(&watch.plan, &watch.reached);
    watch.tell(&TestLine::Failed(Box::new(TestFailure { step, trouble })));
}

async fn sign_in_at_server(
    shell: &Shell,
    mailbox: &MailboxRecord,
    watch: &mut Watch<'_>,
) -> Result<Outcome, Refusal> {
    let config = shell.config()?;
    let has_own = !mailbox.settings.relay_url.trim().is_empty();
    let by_relay = has_own || config.relay_for(Kind::SmtpBasic).is_some();
    watch.plan = planned_steps(&mailbox.settings, by_relay);
    watch.tell(&TestLine::Plan(watch.plan.clone()));
    let (server, relay) = (own_server(&config, mailbox).await?, own_relay(&config, mailbox).await?);
    let id: [u8; 16] = random()?;
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
