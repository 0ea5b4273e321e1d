//! An attempt on its way: content, *possibly sent*, the other side, and the answer.

use api::{Code, Kind, Problem, Route};
use gateway::mailbox::Tried;
use gateway::outbox::{Delivery, DeliveryResult, Stage};
use gateway::submission::{ServerOwner, Submitted, understand};
use microsoft::{Refusal, Sent, read_send_mail};

use crate::graph::{self, DEADLINE_MS, GraphMood};
use crate::host::{self, Work};
use crate::invariants::{self, Mark};
use crate::smtp_server::{self, SmtpMood};
use crate::story::{Violation, hold};
use crate::truth::{addresses, recipient_of};
use crate::world::World;

/// A message on its way to the other side.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) delivery: Delivery,
    /// The ERP's number for it.
    number: u32,
    /// Which recipients this attempt is for.
    recipients: Vec<usize>,
    /// What the mail server does; none for Graph, which decides when the request arrives.
    smtp: Option<smtp_server::Conduct>,
}

impl Parcel {
    fn route(&self) -> Route {
        if self.smtp.is_some() { Route::Smtp } else { Route::Graph }
    }

    fn kind(&self) -> Kind {
        self.delivery.mailbox.settings.kind
    }

    fn dice_parts(&self) -> [u64; 2] {
        [u64::from(self.number), u64::from(self.delivery.message.attempts())]
    }
}

/// Reads the content and opens the connection.
pub(crate) fn prepare(world: &mut World<'_>, delivery: Delivery) -> Result<(), Violation> {
    let id = delivery.message.id();
    let Some(truth) = world.truth.get_mut(id) else {
        return Err(Violation::new("only accepted messages go", id.to_string()));
    };
    let (number, count) = (truth.number, truth.recipients);
    let everybody = addresses(number, count);
    let open = delivery.message.recipients().open(everybody);
    let recipients: Vec<usize> = open.iter().filter_map(|one| recipient_of(one.as_str())).collect();
    hold(!recipients.is_empty(), "every attempt is for somebody", || format!("message {number}"))?;
    let kind = delivery.mailbox.settings.kind;
    let mut parcel = Parcel { delivery, number, recipients, smtp: None };
    match content(world, &parcel)? {
        Ok(()) => {}
        Err(problem) => {
            end(world, parcel, refused(&problem, Stage::Token), 1);
            return Ok(());
        }
    }
    if !parcel.delivery.message.recipients().can_go_on_by(kind) {
        let problem = Problem::new(Code::FieldsRefused, "Graph can't send to the others alone");
        end(world, parcel, refused(&problem, Stage::HandOver), 1);
        return Ok(());
    }
    let has_token = parcel.delivery.authentication.as_ref().is_some_and(|authentication| {
        authentication.access.iter().any(|access| Some(access.token.number) == parcel.delivery.token)
    });
    hold(has_token == kind.signs_in(), "an attempt has the token that it names", || {
        format!("message {number}")
    })?;
    if kind == Kind::GraphOAuth2 {
        host::plan(world, 5, Work::Mark(Box::new(parcel)));
        return Ok(());
    }
    let mood = world.smtp.at(world.clock.elapsed, SmtpMood::Fine);
    let mut dice = world.dice("smtp", &parcel.dice_parts());
    let conduct = smtp_server::converse(mood, parcel.recipients.len(), &mut dice);
    let (reaches_end, after_ms) = (conduct.reaches_end, conduct.after_ms);
    parcel.smtp = Some(conduct);
    if reaches_end {
        host::plan(world, after_ms / 2, Work::Mark(Box::new(parcel)));
        return Ok(());
    }
    answered_by_server(world, parcel, after_ms);
    Ok(())
}

/// What is stored of a message reads back whole.
fn content(world: &mut World<'_>, parcel: &Parcel) -> Result<Result<(), Problem>, Violation> {
    let message = &parcel.delivery.message;
    let mut chunks = Vec::new();
    for n in 0.. {
        match world.host.mailbox.store().content().chunk(&message.content_key(), n) {
            Ok(Some(chunk)) => chunks.push(chunk),
            Ok(None) => break,
            Err(problem) => return Ok(Err(problem)),
        }
    }
    let expected: Vec<Vec<u8>> = (0..chunks.len()).map(|n| chunk(parcel.number, n, chunks.len())).collect();
    hold(!chunks.is_empty() && chunks == expected, "the content of an open message is whole", || {
        format!("message {}, {} chunks", parcel.number, chunks.len())
    })?;
    Ok(Ok(()))
}

/// One chunk of the content of a message.
pub(crate) fn chunk(number: u32, n: usize, of: usize) -> Vec<u8> {
    format!("message {number}, chunk {n} of {of}").into_bytes()
}

/// Marks the attempt as possibly sent; then it goes.
pub(crate) fn mark(world: &mut World<'_>, parcel: Parcel) -> Result<(), Violation> {
    let (key, route) = (parcel.delivery.key, parcel.route());
    let marked =
        host::run(world, "possibly_sent", |mailbox, context| mailbox.possibly_sent(key, route, context))?;
    let started_at = world.clock.elapsed - world.clock.now().since(key.at);
    let recipients = u64::try_from(parcel.recipients.len()).unwrap_or_default();
    let mark = Mark::new(key, world.clock.elapsed, started_at, recipients);
    match marked {
        // The instance is gone; the mark is durable, or it was refused before.
        None => {
            if invariants::is_possibly_sent(world, key.message) {
                world.watch.mark(mark);
            }
            Ok(())
        }
        Some(Err(problem)) => {
            end(world, parcel, refused(&problem, Stage::Token), 1);
            Ok(())
        }
        Some(Ok(())) => {
            world.stats.count("possibly sent");
            invariants::marked(world, mark)?;
            let delay = world.random.between(1, 6);
            host::plan(world, delay, Work::Send(Box::new(parcel)));
            Ok(())
        }
    }
}

/// The byte that completes the message leaves: the other side decides.
pub(crate) fn send(world: &mut World<'_>, mut parcel: Parcel) -> Result<(), Violation> {
    let (number, elapsed) = (parcel.number, world.clock.elapsed);
    if let Some(conduct) = parcel.smtp.clone() {
        let taken = parcel.recipients.iter().zip(&conduct.takes).filter(|(_, takes)| **takes);
        let taken: Vec<usize> = taken.map(|(recipient, _)| *recipient).collect();
        take(world, &parcel, &taken)?;
        answered_by_server(world, parcel, conduct.after_ms / 2);
        return Ok(());
    }
    let mood = world.graph.at(elapsed, GraphMood::Fine);
    let issued_at = parcel.delivery.authentication.as_ref().and_then(|authentication| {
        let of = |number| authentication.access.iter().find(move |access| access.token.number == number);
        parcel.delivery.token.and_then(of).map(|access| world.clock.elapsed_at(access.issued_at))
    });
    let issued_before = {
        let age = parcel.delivery.authentication.as_ref().map(|it| world.clock.now().since(it.renewed_at));
        issued_at.is_some() && age.is_none_or(|age| elapsed - age < world.graph.since)
    };
    let mut dice = world.dice("graph", &parcel.dice_parts());
    let conduct = graph::send_mail(mood, issued_before, &mut dice);
    if conduct.takes {
        let all = std::mem::take(&mut parcel.recipients);
        take(world, &parcel, &all)?;
        parcel.recipients = all;
    }
    let refused = |refusal| Tried::Ended(DeliveryResult::Refused { refusal, stage: Stage::HandOver });
    let tried = match conduct.answer.as_ref().map(read_send_mail) {
        Some(Sent::HandedOver { upstream, pause_ms }) => {
            Tried::Ended(DeliveryResult::HandedOver { upstream, pause_ms })
        }
        Some(Sent::TokenRefused(refusal)) => Tried::TokenRefused { refusal, token: parcel.delivery.token },
        Some(Sent::Refused(refusal)) => refused(refusal),
        None => refused(Refusal::new(Code::OutcomeUnknown, "Microsoft Graph: the connection broke")),
    };
    world.tell("Graph", || {
        let takes = if conduct.takes { "takes" } else { "does not take" };
        format!("{takes} message {number}; {}", said(&tried))
    });
    end(world, parcel, tried, conduct.after_ms.min(DEADLINE_MS));
    Ok(())
}

/// The other side takes the message for these recipients.
fn take(world: &mut World<'_>, parcel: &Parcel, recipients: &[usize]) -> Result<(), Violation> {
    let (elapsed, number) = (world.clock.elapsed, parcel.number);
    let repeats = world.watch.repeats_since();
    let Some(truth) = world.truth.get_mut(parcel.delivery.message.id()) else { return Ok(()) };
    for recipient in recipients {
        let consented_at = truth.consented_at;
        let reported = truth.reported[*recipient];
        let (count, first) = &mut truth.taken[*recipient];
        *count += 1;
        let first = *first.get_or_insert(elapsed);
        let chosen =
            consented_at.is_some_and(|at| at >= first) || repeats.is_some_and(|until| until >= first);
        hold(
            *count == 1 || chosen && !reported,
            "nobody gets a message twice unless that was chosen",
            || format!("message {number}, recipient {recipient}: {count} times"),
        )?;
    }
    Ok(())
}

fn answered_by_server(world: &mut World<'_>, parcel: Parcel, after_ms: i64) {
    let Some(conduct) = &parcel.smtp else { return };
    let owner = if parcel.kind() == Kind::SmtpBasic { ServerOwner::Own } else { ServerOwner::Microsoft };
    let tried = match understand(&conduct.outcome, owner) {
        Submitted::HandedOver(upstream) => {
            Tried::Ended(DeliveryResult::HandedOver { upstream, pause_ms: None })
        }
        Submitted::Divided { upstream, said, later } => {
            let all = addresses(parcel.number, parcel.recipients.iter().max().map_or(0, |most| most + 1));
            let envelope = parcel.recipients.iter().map(|recipient| all[*recipient].clone()).collect();
            Tried::Ended(DeliveryResult::Divided { upstream, envelope, said, later })
        }
        Submitted::TokenRefused(refusal) => Tried::TokenRefused { refusal, token: parcel.delivery.token },
        Submitted::Refused(refusal, stage) => Tried::Ended(DeliveryResult::Refused { refusal, stage }),
    };
    let (number, takes) = (parcel.number, conduct.takes.iter().filter(|takes| **takes).count());
    world.tell("SMTP", || format!("takes message {number} for {takes} recipients; {}", said(&tried)));
    end(world, parcel, tried, after_ms);
}

fn said(tried: &Tried) -> String {
    match tried {
        Tried::Ended(DeliveryResult::HandedOver { upstream, .. }) => format!("says {}", upstream.status),
        Tried::Ended(DeliveryResult::Divided { .. }) => "says something else of each recipient".to_owned(),
        Tried::Ended(DeliveryResult::Refused { refusal, stage }) => match &refusal.upstream {
            Some(upstream) => {
                let code = upstream.code.as_deref().unwrap_or_default();
                format!("says {} {code}: {} at {stage:?}", upstream.status, refusal.code.as_str())
            }
            None => format!("says nothing: {} at {stage:?}", refusal.code.as_str()),
        },
        Tried::TokenRefused { .. } => "does not like the token".to_owned(),
    }
}

fn refused(problem: &Problem, stage: Stage) -> Tried {
    let refusal = Refusal::new(problem.code, problem.detail.clone());
    Tried::Ended(DeliveryResult::Refused { refusal, stage })
}

fn end(world: &mut World<'_>, parcel: Parcel, tried: Tried, after_ms: i64) {
    host::plan(world, after_ms, Work::Delivered(Box::new((parcel, tried))));
}

/// Tells the mailbox how the try ended.
pub(crate) fn delivered(world: &mut World<'_>, parcel: &Parcel, tried: &Tried) -> Result<(), Violation> {
    let key = parcel.delivery.key;
    let route = Some(parcel.route());
    let owned = world.host.mailbox.scheduler().owns(key);
    let before = invariants::trouble_of_others(world, &parcel.delivery);
    let outcome = host::call(world, "delivered", |mailbox, context| {
        mailbox.delivered(key, route, tried.clone(), context)
    })?;
    let is_known = match tried {
        Tried::Ended(result) => !result.is_unknown(),
        Tried::TokenRefused { .. } => true,
    };
    if let (Some(Err(_)), true, true) = (&outcome, owned, is_known) {
        world.watch.known.insert(key.message);
    }
    if let Some(Ok(())) = outcome {
        invariants::trouble_stays(world, before, parcel.number)?;
        if owned {
            invariants::answered(world, key, tried);
        }
    }
    Ok(())
}
