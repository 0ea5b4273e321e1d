//! Content on its way into the object: sealed chunk by chunk, under a key of its own, until one row makes it a message's.

use api::{MessageId, Problem};
use data_encoding::HEXLOWER;
use gateway::MailboxRecord;

use crate::config::Config;
use crate::host::{Vault, now, random};
use crate::objects::mailbox::Inner;

/// Sealed bytes of one row: SQLite rows in an object are bounded at 2 MB.
const CHUNK_BYTES: usize = 1024 * 1024;

/// Content that is ready to become a message's.
pub(super) enum Staged {
    /// One chunk, which is written together with the message.
    One(Vec<u8>),
    /// Several, written already. Whoever drops them leaves them to the sweep.
    Several { key: String, chunks: u32 },
}

impl Inner {
    /// Seals content. More than one chunk is written at once, so that no more than one is held beside the content itself.
    pub(super) async fn stage(
        &self,
        config: &Config,
        mailbox: &MailboxRecord,
        id: MessageId,
        content: &[u8],
    ) -> Result<Staged, Problem> {
        let seal = async |n: u32, chunk: &[u8]| {
            let record = mailbox.sealed_as("message_body", format!("{id}/{n}"));
            Vault(&config.ring).seal(&record, chunk).await
        };
        if content.len() <= CHUNK_BYTES {
            return seal(0, content).await.map(Staged::One);
        }
        let key = HEXLOWER.encode(&random::<16>()?);
        self.store.begin_staging(&key, now())?;
        let mut chunks = 0;
        for chunk in content.chunks(CHUNK_BYTES) {
            let sealed = seal(chunks, chunk).await?;
            self.store.add_chunk(&key, chunks, sealed)?;
            chunks += 1;
        }
        Ok(Staged::Several { key, chunks })
    }

    /// Makes it the content of a message; the caller writes the message in the same step.
    pub(super) fn keep_staged(
        &self,
        id: MessageId,
        staged: Staged,
    ) -> Result<(u32, Option<String>), Problem> {
        match staged {
            Staged::One(sealed) => {
                self.store.add_chunk(&id.to_string(), 0, sealed)?;
                Ok((1, None))
            }
            Staged::Several { key, chunks } => {
                self.store.end_staging(&key)?;
                Ok((chunks, Some(key)))
            }
        }
    }

    /// Deletes what was staged before `at` and never became a message.
    pub(in crate::objects::mailbox) fn sweep_stagings(&self, at: api::Timestamp) -> Result<(), Problem> {
        for key in self.store.stagings_before(at)? {
            self.store.delete_chunks(&key)?;
            self.store.end_staging(&key)?;
        }
        Ok(())
    }
}
