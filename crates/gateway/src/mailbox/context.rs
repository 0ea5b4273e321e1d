use api::Timestamp;

use crate::outbox::Limits;

/// What a step needs to know of the world: time, randomness and configuration, all as values.
#[derive(Clone, Copy, Debug)]
pub struct Context<'c> {
    /// Now.
    pub now: Timestamp,
    /// Fresh random bytes.
    pub random: [u8; 16],
    /// How fast the mailbox may send.
    pub limits: Limits,
    /// Tokens are renewed after a hand-over unless they are younger than this, in milliseconds.
    pub renew_after_ms: i64,
    /// A mailbox that sends nothing renews after this, in milliseconds.
    pub keepalive_ms: i64,
    /// The name of the sealing key in use.
    pub sealing_key: &'c str,
    /// Names version and configuration; when it changes, held messages are tried again.
    pub deployment: &'c str,
}

impl Context<'_> {
    /// Any number, for back-off that should not be in step with others.
    #[must_use]
    pub(crate) fn jitter(&self) -> u32 {
        let [a, b, c, d, ..] = self.random;
        u32::from_le_bytes([a, b, c, d])
    }
}
