//! Carries an order out: over the Worker's own connection, or by a relay. The same order, and the same judgement of its outcome.

use api::{Code, Route, TestStep};
use gateway::settings::test_step;
use microsoft::Refusal;
use relay_contract::{Order, OrderError, ProblemCode, Server};
use smtp::{Ending, Outcome, Phase, Plan, PlanError, Stop, Verdict};

use super::Attempt;
use super::connection_reuse::{ConnectionReuse, Opened};
use crate::host::{Connection, Relay, RelayTrouble, random};

/// Hands a message over. The attempt is marked *possibly sent* before the other side can have all of it.
pub(super) async fn carry_out(
    attempt: &Attempt<'_>,
    order: &Order,
    message: &[u8],
    relay: Option<&Relay>,
    reuse: &mut ConnectionReuse,
) -> Result<Outcome, Refusal> {
    let Some(relay) = relay else {
        attempt.goes_by(Route::Smtp);
        attempt.shell.sync().await?;
        return over_connection(attempt, order, message, reuse).await;
    };
    attempt.goes_by(Route::Relay);
    let before = async { attempt.possibly_sent().await.is_ok() };
    by_relay(relay, order, message, before, |_| {}).await
}

/// Over the connection that the message before left open, or else a fresh one.
async fn over_connection(
    attempt: &Attempt<'_>,
    order: &Order,
    message: &[u8],
    reuse: &mut ConnectionReuse,
) -> Result<Outcome, Refusal> {
    let mailbox = &attempt.delivery.mailbox;
    let opened: Opened = (mailbox.version, mailbox.epoch);
    if let Some(connection) = reuse.take(opened).await {
        let outcome = over(connection, attempt, order, message, reuse, opened).await?;
        if !outcome.connection_was_gone() {
            return Ok(outcome);
        }
        // It was closed while nothing was asked of it, which says nothing about this message.
    }
    let Server { host, port, .. } = &order.server;
    match Connection::open(host, *port, plan(order)?, |_| {}).await {
        Ok((connection, _)) => over(connection, attempt, order, message, reuse, opened).await,
        Err(outcome) => {
            let recipients = order.message.as_ref().map_or(0, |message| message.rcpt_to.len());
            Ok(Outcome { verdicts: vec![Verdict::NotSent; recipients], ..outcome })
        }
    }
}

async fn over(
    mut connection: Connection,
    attempt: &Attempt<'_>,
    order: &Order,
    message: &[u8],
    reuse: &mut ConnectionReuse,
    opened: Opened,
) -> Result<Outcome, Refusal> {
    let next = plan(order)?.message;
    let next = next.ok_or_else(|| Refusal::new(Code::Internal, "there is no message to hand over"))?;
    let before_end = async { attempt.possibly_sent().await.is_ok() };
    let outcome = connection.hand_over(next, message, before_end).await;
    reuse.keep(opened, connection).await;
    Ok(outcome)
}

/// Gives an order to a relay, and tells what it reaches. `before` is awaited when the relay is there, before anything leaves.
pub(in crate::objects::mailbox) async fn by_relay(
    relay: &Relay,
    order: &Order,
    message: &[u8],
    before: impl Future<Output = bool>,
    on_step: impl FnMut(TestStep),
) -> Result<Outcome, Refusal> {
    // What can't be an order is told the same on both ways.
    plan(order)?;
    match relay.submit(order, message, before, on_step).await {
        Ok(outcome) => Ok(outcome),
        Err(RelayTrouble::Unknown) => {
            Ok(unknown(order.message.as_ref().map_or(0, |message| message.rcpt_to.len())))
        }
        Err(trouble) => Err(told(relay, trouble)),
    }
}

/// Tries whether a mail server lets us in, from here or by a relay, and tells what it reaches.
pub(in crate::objects::mailbox) async fn sign_in(
    order: &Order,
    relay: Option<&Relay>,
    mut on_step: impl FnMut(TestStep),
) -> Result<Outcome, Refusal> {
    if let Some(relay) = relay {
        return by_relay(relay, order, &[], async { true }, on_step).await;
    }
    let Server { host, port, .. } = &order.server;
    match Connection::open(host, *port, plan(order)?, |step| on_step(test_step(step))).await {
        Ok((connection, signed_in)) => {
            connection.close().await;
            Ok(signed_in)
        }
        Err(outcome) => Ok(outcome),
    }
}

fn plan(order: &Order) -> Result<Plan, Refusal> {
    order.plan(random()?).map_err(|error| impossible(&error))
}

/// What nobody knows: the relay may have handed it over.
fn unknown(recipients: usize) -> Outcome {
    Outcome {
        ending: Ending::Unknown(Stop::Closed),
        phase: Phase::EndOfData,
        verdicts: vec![Verdict::Unknown; recipients],
        challenge: None,
    }
}

/// Why a relay has no outcome, for people.
fn told(relay: &Relay, trouble: RelayTrouble) -> Refusal {
    let Relay { id, url, .. } = relay;
    let passes = trouble.passes();
    match trouble {
        RelayTrouble::Unreachable => {
            Refusal::new(Code::ServerUnavailable, format!("the relay {id} at {url} does not answer"))
        }
        RelayTrouble::Refused(problem) => {
            let code = match problem.code {
                _ if passes => Code::ServerUnavailable,
                ProblemCode::TooLarge => Code::MessageTooLarge,
                _ => Code::RelayRefused,
            };
            Refusal::new(code, format!("the relay {id} at {url}: {}", problem.detail))
        }
        RelayTrouble::Unknown | RelayTrouble::Internal => {
            Refusal::new(Code::Internal, "the order could not be sent to the relay")
        }
    }
}

fn impossible(error: &OrderError) -> Refusal {
    let code = match error {
        OrderError::Address(_) | OrderError::Plan(PlanError::Address(_) | PlanError::NoRecipient) => {
            Code::RecipientRefused
        }
        OrderError::Plan(PlanError::User | PlanError::Secret) => Code::AccessCodeRefused,
        OrderError::Plan(PlanError::EhloName) => Code::Internal,
    };
    Refusal::new(code, error.to_string())
}
