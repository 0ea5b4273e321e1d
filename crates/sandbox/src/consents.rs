//! Who granted what: users for themselves, administrators for everybody in their tenant (section 2).

use std::collections::{BTreeMap, BTreeSet};

use crate::{account::Account, scopes::Scope};

type Grants = BTreeMap<(String, String), BTreeSet<Scope>>;

/// All grants of a run. Each belongs to one app.
#[derive(Debug, Default)]
pub(crate) struct Consents {
    /// By client id and `oid`.
    users: Grants,
    /// By client id and `tid`.
    tenants: Grants,
}

impl Consents {
    /// The account's own grants and its tenant's.
    pub(crate) fn given(&self, client_id: &str, account: &Account) -> BTreeSet<Scope> {
        let own = self.users.get(&(client_id.to_owned(), account.oid.clone()));
        let of_all = self.tenants.get(&(client_id.to_owned(), account.tid.clone()));
        own.into_iter().chain(of_all).flatten().copied().collect()
    }

    pub(crate) fn add_for_user(&mut self, client_id: &str, oid: &str, scopes: &[Scope]) {
        self.users.entry((client_id.to_owned(), oid.to_owned())).or_default().extend(scopes);
    }

    pub(crate) fn add_for_tenant(&mut self, client_id: &str, tid: &str, scopes: &[Scope]) {
        self.tenants.entry((client_id.to_owned(), tid.to_owned())).or_default().extend(scopes);
    }

    /// The admin consent endpoint: earlier tenant-wide grants that are not in the request go, users' own stay
    /// (section 2.1).
    pub(crate) fn replace_for_tenant(&mut self, client_id: &str, tid: &str, scopes: &[Scope]) {
        self.tenants.insert((client_id.to_owned(), tid.to_owned()), scopes.iter().copied().collect());
    }

    /// What the user granted, to whichever app; what an administrator granted stays (section 8).
    pub(crate) fn remove_of_user(&mut self, oid: &str) {
        self.users.retain(|(_, owner), _| owner != oid);
    }

    pub(crate) fn remove_of_app(&mut self, client_id: &str) {
        self.users.retain(|(app, _), _| app != client_id);
        self.tenants.retain(|(app, _), _| app != client_id);
    }

    pub(crate) fn clear(&mut self) {
        self.users.clear();
        self.tenants.clear();
    }

    /// By `oid`, of one app or of all together.
    pub(crate) fn of_users(&self, client_id: Option<&str>) -> BTreeMap<String, BTreeSet<Scope>> {
        together(&self.users, client_id)
    }

    /// By `tid`, of one app or of all together.
    pub(crate) fn of_tenants(&self, client_id: Option<&str>) -> BTreeMap<String, BTreeSet<Scope>> {
        together(&self.tenants, client_id)
    }
}

fn together(grants: &Grants, client_id: Option<&str>) -> BTreeMap<String, BTreeSet<Scope>> {
    let mut all: BTreeMap<String, BTreeSet<Scope>> = BTreeMap::new();
    for ((app, owner), scopes) in grants {
        if client_id.is_none_or(|wanted| wanted == app) {
            all.entry(owner.clone()).or_default().extend(scopes);
        }
    }
    all
}
