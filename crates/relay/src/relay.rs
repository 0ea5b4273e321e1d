use std::sync::{Arc, Mutex, PoisonError};

use relay_contract::Replays;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;

use crate::clock::now_ms;
use crate::config::{Config, ConfigError};
use crate::metrics::Metrics;
use crate::outcomes::Outcomes;
use crate::tls;

/// Requests that are remembered so that none counts twice: as many as come within the five minutes that clocks may differ.
const NONCES_MAX: usize = 200_000;
/// Orders that may be on their way for each conversation that may be held: whoever they are from is not known yet.
const UNREAD_PER_CONVERSATION: u32 = 4;

/// Everything that lasts from one request to the next.
pub(crate) struct Relay {
    pub(crate) config: Config,
    pub(crate) tls: TlsConnector,
    /// When this process began to remember, in milliseconds since 1970.
    pub(crate) started_ms: i64,
    replays: Mutex<Replays>,
    pub(crate) outcomes: Outcomes,
    pub(crate) conversations: Arc<Semaphore>,
    pub(crate) unread: Semaphore,
    pub(crate) metrics: Metrics,
}

impl Relay {
    pub(crate) fn new(config: Config) -> Result<Self, ConfigError> {
        let permits = |count: u32| Semaphore::new(usize::try_from(count).unwrap_or(Semaphore::MAX_PERMITS));
        Ok(Self {
            tls: tls::connector(&config)?,
            started_ms: now_ms(),
            replays: Mutex::new(Replays::new(NONCES_MAX)),
            outcomes: Outcomes::default(),
            conversations: Arc::new(permits(config.connections)),
            unread: permits(config.connections.saturating_mul(UNREAD_PER_CONVERSATION)),
            metrics: Metrics::default(),
            config,
        })
    }

    pub(crate) fn take_nonce(&self, nonce: &str, time_ms: i64) -> Result<(), relay_contract::Refused> {
        let mut replays = self.replays.lock().unwrap_or_else(PoisonError::into_inner);
        replays.take(nonce, time_ms, now_ms())
    }
}
