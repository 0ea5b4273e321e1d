//! The app registrations that exist here, all on the Web platform (section 1.7). The first one comes from the command line.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::{certificate::Certificate, config::Config, directory::TENANT_ID};

/// `signInAudience`: whose accounts may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Audience {
    #[serde(rename = "AzureADMyOrg")]
    OneTenant,
    #[serde(rename = "AzureADMultipleOrgs")]
    AnyTenant,
}

/// One registration.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) client_id: String,
    /// Never logged, never answered. None: certificates only.
    pub(crate) secret: Option<String>,
    /// Compared character by character.
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) audience: Audience,
    /// Home tenant.
    pub(crate) tid: String,
    pub(crate) secret_expired: bool,
    pub(crate) disabled: bool,
    pub(crate) certificates: Vec<Certificate>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl App {
    /// Multi-tenant, at home in the bakery.
    pub(crate) fn new(client_id: String, redirect_uris: Vec<String>) -> Self {
        Self {
            client_id,
            secret: None,
            redirect_uris,
            audience: Audience::AnyTenant,
            tid: TENANT_ID.to_owned(),
            secret_expired: false,
            disabled: false,
            certificates: Vec::new(),
        }
    }
}

/// All of them. Apart from [`crate::state::Store`], because pages are written while that is locked and their headers name
/// the apps.
#[derive(Debug)]
pub(crate) struct Apps(Mutex<Vec<Arc<App>>>);

impl Apps {
    pub(crate) fn new(config: Config) -> Self {
        let first =
            App { secret: Some(config.client_secret), ..App::new(config.client_id, config.redirect_uris) };
        Self(Mutex::new(vec![Arc::new(first)]))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<App>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn all(&self) -> Vec<Arc<App>> {
        self.lock().clone()
    }

    pub(crate) fn find(&self, client_id: &str) -> Option<Arc<App>> {
        self.lock().iter().find(|app| app.client_id == client_id).cloned()
    }

    /// Whether its id was free.
    pub(crate) fn add(&self, app: App) -> bool {
        let mut all = self.lock();
        if all.iter().any(|other| other.client_id == app.client_id) {
            return false;
        }
        all.push(Arc::new(app));
        true
    }

    /// What it is after the change.
    pub(crate) fn change(&self, client_id: &str, change: impl FnOnce(&mut App)) -> Option<Arc<App>> {
        let mut all = self.lock();
        let app = all.iter_mut().find(|app| app.client_id == client_id)?;
        change(Arc::make_mut(app));
        Some(Arc::clone(app))
    }

    /// Whether it was there.
    pub(crate) fn remove(&self, client_id: &str) -> bool {
        let mut all = self.lock();
        let before = all.len();
        all.retain(|app| app.client_id != client_id);
        all.len() < before
    }

    /// Every address an app may be answered at.
    pub(crate) fn redirect_uris(&self) -> Vec<String> {
        self.lock().iter().flat_map(|app| app.redirect_uris.clone()).collect()
    }
}
