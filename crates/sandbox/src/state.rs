//! Everything the sandbox remembers, in memory, behind one lock that is never held while waiting.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    apps::Apps,
    clock::Clock,
    config::{Config, Settings},
    consents::Consents,
    control::TokenRequest,
    directory::Directory,
    entra::{AccessToken, Code, Flow, RefreshToken, SigningKey},
    faults::Faults,
    inbox::Inbox,
    policy::Policy,
    smtp::Traffic,
};

/// One running sandbox. Every listener shares it.
#[derive(Debug)]
pub struct Sandbox {
    pub(crate) apps: Apps,
    pub(crate) clock: Clock,
    pub(crate) key: SigningKey,
    store: Mutex<Store>,
}

/// What changes while it runs.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) settings: Settings,
    pub(crate) directory: Directory,
    /// Rules about consent, by `tid`; the default where there is none.
    pub(crate) policies: BTreeMap<String, Policy>,
    pub(crate) consents: Consents,
    /// Client assertions seen, by client id and `jti`: each works once.
    pub(crate) assertions: BTreeSet<(String, String)>,
    /// Sign-ins under way, by flow id.
    pub(crate) flows: BTreeMap<String, Flow>,
    /// Browser sessions: cookie value to `oid`.
    pub(crate) sessions: BTreeMap<String, String>,
    pub(crate) codes: Vec<Code>,
    pub(crate) access_tokens: Vec<AccessToken>,
    pub(crate) refresh_tokens: Vec<RefreshToken>,
    pub(crate) token_requests: Vec<TokenRequest>,
    pub(crate) faults: Faults,
    /// `sendMail` requests being worked on, by mailbox (`oid`).
    pub(crate) in_flight: BTreeMap<String, usize>,
    pub(crate) inbox: Inbox,
    pub(crate) smtp: Traffic,
}

impl Sandbox {
    /// A sandbox with the bakery's accounts and an empty inbox. Makes an RSA key: a fraction of a second.
    #[must_use]
    pub fn new(config: Config, clock: Clock) -> Arc<Self> {
        Self::with_key(config, clock, SigningKey::generate())
    }

    pub(crate) fn with_key(config: Config, clock: Clock, key: SigningKey) -> Arc<Self> {
        let store = Store {
            settings: Settings::default(),
            directory: Directory::bakery(),
            policies: BTreeMap::new(),
            consents: Consents::default(),
            assertions: BTreeSet::new(),
            flows: BTreeMap::new(),
            sessions: BTreeMap::new(),
            codes: Vec::new(),
            access_tokens: Vec::new(),
            refresh_tokens: Vec::new(),
            token_requests: Vec::new(),
            faults: Faults::default(),
            in_flight: BTreeMap::new(),
            inbox: Inbox::default(),
            smtp: Traffic::default(),
        };
        Arc::new(Self { apps: Apps::new(config), clock, key, store: Mutex::new(store) })
    }

    /// A handler that panicked leaves nothing half-written that would matter here, so its poison is ignored.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    pub(crate) fn policy(&self, tid: &str) -> Policy {
        self.policies.get(tid).copied().unwrap_or_default()
    }
}
