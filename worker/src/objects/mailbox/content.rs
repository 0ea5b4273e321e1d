//! The content of messages: sealed on its way in, opened for each attempt and for whoever posted it.

use api::{Code, MessageId, Problem};
use gateway::mailbox::MailboxRecord;
use gateway::memory::{CHUNK_BYTES, to_send};
use gateway::outbox::Message;
use gateway::store::StagedContent;
use mail::{Bcc, Content};
use worker::Response;

use super::delivery::mime_frame;
use super::shell::Shell;
use crate::config::Config;
use crate::host::{Vault, memory, now, random};
use crate::objects::call::reply;

// Sealed bytes of one row: SQLite rows in an object are bounded at 2 MB.
const _: () = assert!(CHUNK_BYTES <= 1024 * 1024);

/// Seals content. More than one chunk is written at once, so that no more than one is held beside the content itself.
pub(super) async fn stage(
    shell: &Shell,
    config: &Config,
    mailbox: &MailboxRecord,
    id: MessageId,
    content: &[u8],
) -> Result<StagedContent, Problem> {
    let seal = async |n: u32, chunk: &[u8]| {
        let record = mailbox.sealed_as("message_body", format!("{id}/{n}"));
        Vault(&config.ring).seal(&record, chunk).await
    };
    if content.len() <= CHUNK_BYTES {
        return seal(0, content).await.map(StagedContent::One);
    }
    let key = base16ct::lower::encode_string(&random::<16>()?);
    shell.read(|machine, _| machine.store().content().begin_staging(&key, now()))?;
    let mut chunks = 0;
    for chunk in content.chunks(CHUNK_BYTES) {
        let sealed = seal(chunks, chunk).await?;
        shell.read(|machine, _| machine.store().content().add(&key, chunks, sealed))?;
        chunks += 1;
    }
    Ok(StagedContent::Several { key, chunks })
}

/// The content of an accepted message.
pub(super) async fn open(
    shell: &Shell,
    config: &Config,
    mailbox: &MailboxRecord,
    message: &Message,
) -> Result<Content, Problem> {
    let bytes = usize::try_from(message.bytes()).unwrap_or_default();
    let key = message.content_key();
    let mut body = memory::buffer(bytes)?;
    // Messages of an early version don't tell their size.
    for n in 0.. {
        if bytes > 0 && body.len() >= bytes {
            break;
        }
        let Some(sealed) = shell.read(|machine, _| machine.store().content().chunk(&key, n))? else { break };
        let record = mailbox.sealed_as("message_body", format!("{}/{n}", message.id()));
        let chunk = Vault(&config.ring).open(&record, &sealed).await?;
        drop(sealed);
        body.extend_from_slice(&chunk);
    }
    let is_whole = bytes == 0 || body.len() == bytes;
    let content = if is_whole { message.form().decode(body) } else { None };
    let content = content.ok_or_else(|| Problem::new(Code::Internal, "cannot decode the stored message"))?;
    if let (Some(ordered), Content::Fields(fields)) = (&config.sandbox_panic, &content) {
        assert!(fields.subject != *ordered, "a message brings the program down, as ordered");
    }
    Ok(content)
}

/// A message as MIME, for its sender: with its Bcc, and else as it goes out.
pub(super) async fn read_mime(shell: &Shell, id: MessageId) -> worker::Result<Response> {
    match mime_of(shell, id).await {
        Ok(mime) => Response::from_bytes(mime),
        Err(problem) => reply::<()>(Err(problem)),
    }
}

async fn mime_of(shell: &Shell, id: MessageId) -> Result<Vec<u8>, Problem> {
    let (mailbox, message) = shell.read(|machine, _| Ok((machine.mailbox()?, machine.message(id)?)))?;
    if !message.has_content() {
        return Err(Message::content_gone());
    }
    let config = shell.config()?;
    let _memory = memory::send(to_send(message.bytes())).await?;
    match open(shell, &config, &mailbox, &message).await? {
        Content::Raw(raw) => Ok(raw.into_bytes()),
        Content::Fields(fields) => {
            let frame = mime_frame::frame(&message, fields.from.address(), &config, Bcc::Kept)?;
            Ok(fields.to_mime(&frame))
        }
    }
}
