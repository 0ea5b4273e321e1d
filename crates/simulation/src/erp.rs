//! The ERP: posts, posts again what got no answer or a bad one, cancels, and wants things sent again.

use api::{Code, MessageId, MessageState, RetryMessage, RetryWhom};
use gateway::mailbox::{Accepted, Idempotency, Step};
use gateway::outbox::{Form, NewMessage};
use gateway::store::StagedContent;

use crate::delivery::chunk;
use crate::host;
use crate::plan::{Happening, Post};
use crate::story::{Violation, hold};
use crate::world::{Event, World};

/// How often it posts a message that is not accepted.
const POSTS_MAX: u32 = 8;

/// Posts a message; `tries` counts what came before.
pub(crate) fn post(world: &mut World<'_>, post: Post, tries: u32) -> Result<(), Violation> {
    let (number, now) = (post.number, world.clock.now());
    let mut dice = world.dice("id", &[u64::from(number), u64::from(tries), now.millis().unsigned_abs()]);
    let id = MessageId::new(world.id, now, dice.bytes());
    let recipients = usize::try_from(post.recipients).unwrap_or_default();
    world.truth.posting(id, number, post.keyed, recipients);
    world.stats.count(if tries == 0 { "posts" } else { "posts again" });
    world.watch.somebody_acts();
    let to_be_replayed = world.truth.to_be_replayed(number, now);
    let Some(staged) = stage(world, &post, id) else {
        refused(world, post, tries, "storage failed while its content was written");
        return Ok(());
    };
    let idempotency =
        post.keyed.then(|| Idempotency { key: format!("key-{number}"), body: format!("body-{number}") });
    let new = NewMessage {
        id,
        form: Form::Json,
        bytes: 1_000,
        recipients: post.recipients,
        reference: None,
        scheduled_at: post.scheduled_ms.map(|ms| now.plus_millis(ms)),
    };
    let outcome = host::call(world, "accept", |mailbox, context| {
        match mailbox.repeated(idempotency.as_ref(), context) {
            Ok(Some(message)) => {
                Step { outcome: Ok(Accepted { message, replayed: true }), effects: Vec::new() }
            }
            Ok(None) => mailbox.accept(&new, &staged, idempotency.as_ref(), context),
            Err(problem) => Step { outcome: Err(problem), effects: Vec::new() },
        }
    })?;
    match outcome {
        None => {
            no_answer(world, post, tries);
            Ok(())
        }
        Some(Err(problem)) => {
            hold(problem.code != Code::IdempotencyKeyReused, "a repeated post is the same post", || {
                format!("message {number}: {}", problem.detail)
            })?;
            refused(world, post, tries, problem.code.as_str());
            Ok(())
        }
        Some(Ok(accepted)) => {
            let told = accepted.message.id();
            let matches = to_be_replayed.is_none_or(|id| id == told && accepted.replayed);
            hold(matches, "one idempotency key is one message", || {
                format!("message {number} is {to_be_replayed:?}, and the ERP was told {told}")
            })?;
            world.tell("ERP", || {
                let known = if accepted.replayed { "posted before" } else { "accepted" };
                let lost = if post.answer_lost && tries == 0 { ", and does not learn it" } else { "" };
                format!("posts message {number} to {recipients}: {known}{lost}")
            });
            if post.answer_lost && tries == 0 {
                no_answer(world, post, tries);
                return Ok(());
            }
            if let Some(truth) = world.truth.get_mut(told) {
                truth.told = true;
            }
            Ok(())
        }
    }
}

/// Writes content that does not fit into one chunk, as the Worker does before it asks the mailbox.
fn stage(world: &mut World<'_>, post: &Post, id: MessageId) -> Option<StagedContent> {
    if post.chunks == 0 {
        return Some(StagedContent::One(chunk(post.number, 0, 1)));
    }
    let of = usize::try_from(post.chunks).unwrap_or_default();
    let now = world.clock.now();
    let store = world.host.mailbox.store();
    // Until the mailbox is created, nothing is written.
    store.is_created().ok().filter(|created| *created)?;
    let key = format!("staged-{id}");
    let written = store.content().begin_staging(&key, now);
    let written = written.and_then(|()| {
        (0_u32..).zip(0..of).try_for_each(|(n, at)| store.content().add(&key, n, chunk(post.number, at, of)))
    });
    world.stats.count("staged messages");
    written.ok().map(|()| StagedContent::Several { key, chunks: post.chunks })
}

fn refused(world: &mut World<'_>, post: Post, tries: u32, why: &str) {
    world.stats.count("posts refused");
    world.tell("ERP", || format!("posts message {}: refused, {why}", post.number));
    again(world, post, tries);
}

/// Posts again only with an idempotency key: without an answer, the message may have been accepted.
fn no_answer(world: &mut World<'_>, post: Post, tries: u32) {
    world.stats.count("posts without an answer");
    if post.keyed {
        again(world, post, tries);
    }
}

fn again(world: &mut World<'_>, post: Post, tries: u32) {
    if tries < POSTS_MAX && !world.is_healed {
        let at = world.clock.elapsed + post.patience_ms;
        world.queue.push(at, Event::PostAgain(Post { scheduled_ms: None, ..post }, tries + 1));
    }
}

/// Posts a message again that may have been accepted long ago.
pub(crate) fn post_again(world: &mut World<'_>, number: u32) -> Result<(), Violation> {
    let mut posts = world.plan.happenings.iter().rev().filter_map(|planned| match planned.what {
        Happening::Post(post) if post.number == number && planned.at < world.clock.elapsed => Some(post),
        _ => None,
    });
    match posts.next() {
        Some(before) => post(world, Post { scheduled_ms: None, answer_lost: false, ..before }, POSTS_MAX),
        None => Ok(()),
    }
}

fn known(world: &World<'_>, number: u32) -> Option<MessageId> {
    world.truth.newest(number).filter(|message| message.told)?.id
}

/// Cancels a message.
pub(crate) fn cancel(world: &mut World<'_>, number: u32) -> Result<(), Violation> {
    let Some(id) = known(world, number) else { return Ok(()) };
    let outcome = host::call(world, "cancel", |mailbox, context| mailbox.cancel(id, context))?;
    world.tell("ERP", || format!("cancels message {number}: {}", word(outcome.as_ref())));
    world.stats.count("cancels");
    Ok(())
}

/// Wants a message sent again.
pub(crate) fn retry(
    world: &mut World<'_>,
    number: u32,
    accept_duplicate: bool,
    only_refused: bool,
) -> Result<(), Violation> {
    let Some(id) = known(world, number) else { return Ok(()) };
    let recipients = if only_refused { RetryWhom::Refused } else { RetryWhom::Open };
    let retry = RetryMessage { recipients, accept_duplicate };
    if let Some(truth) = world.truth.get_mut(id).filter(|_| accept_duplicate) {
        truth.consented_at = Some(world.clock.elapsed);
    }
    let outcome = host::call(world, "retry", |mailbox, context| mailbox.retry(id, &retry, context))?;
    world.tell("ERP", || format!("wants message {number} again: {}", word(outcome.as_ref())));
    world.stats.count("retries");
    Ok(())
}

fn word(outcome: Option<&Result<api::MessageView, api::Problem>>) -> &'static str {
    match outcome {
        None => "no answer",
        Some(Ok(view)) => MessageState::as_str(view.state),
        Some(Err(problem)) => problem.code.as_str(),
    }
}
