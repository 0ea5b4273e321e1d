//! The tenants and accounts that exist here.

use std::collections::BTreeSet;

use crate::account::Account;

/// "Bakkerij Jansen", the tenant every sandbox has.
pub(crate) const TENANT_ID: &str = "b0a7e5c1-1d8e-4b6f-9c53-0a1b2c3d4e5f";
/// Its verified domain.
pub(crate) const DOMAIN: &str = "bakkerijjansen.example";

/// All accounts, in the order of the picker.
#[derive(Debug)]
pub(crate) struct Directory {
    accounts: Vec<Account>,
    /// Deleted ones, whose tokens are still around.
    gone: Vec<Account>,
}

/// What `{tenant}` in a path stands for (section 1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tenant {
    /// `organizations`: any work account, at home.
    Organizations,
    /// `common`: these and personal ones.
    Common,
    /// One tenant, by its GUID.
    One(String),
}

impl Tenant {
    /// Guests come in by the tenant they are guests of, never by `organizations` or `common` (section 1.1).
    pub(crate) fn admits(&self, account: &Account) -> bool {
        match self {
            Self::Organizations => !account.guest && !account.personal(),
            Self::Common => !account.guest,
            Self::One(tid) => *tid == account.tid,
        }
    }
}

impl Directory {
    pub(crate) fn bakery() -> Self {
        let account = |oid: &str, local: &str, name: &str| {
            Account::new(oid.to_owned(), format!("{local}@{DOMAIN}"), name.to_owned())
        };
        let facturen =
            account("0f0f0f0f-1111-4111-8111-fac700000001", "facturen", "Facturen Bakkerij Jansen");
        let anna = account("a22a0000-2222-4222-8222-a22a00000002", "anna", "Anna Jansen");
        let beheer = account("be4ee000-3333-4333-8333-be4ee0000003", "beheer", "Beheer Bakkerij Jansen");
        Self {
            accounts: vec![
                Account { aliases: vec![format!("verkoop@{DOMAIN}")], ..facturen },
                Account { send_as: vec![format!("facturen@{DOMAIN}")], ..anna },
                Account { admin: true, ..beheer },
            ],
            gone: Vec::new(),
        }
    }

    pub(crate) fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// Adds an account, or says why not. A user name is nobody else's; within a tenant no address is either.
    pub(crate) fn add(&mut self, account: Account) -> Result<Account, &'static str> {
        let taken = |other: &&Account| {
            other.is_called(&account.upn) || (other.tid == account.tid && other.owns(&account.upn))
        };
        if self.accounts.iter().any(|other| taken(&other)) {
            return Err("upn exists");
        }
        self.accounts.push(account.clone());
        Ok(account)
    }

    /// Deletes an account; its tokens are refused with AADSTS50034 from now on.
    pub(crate) fn remove(&mut self, upn: &str) -> Option<Account> {
        let index = self.accounts.iter().position(|account| account.is_called(upn))?;
        let account = self.accounts.remove(index);
        self.gone.push(account.clone());
        Some(account)
    }

    pub(crate) fn by_oid(&self, oid: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.oid == oid)
    }

    pub(crate) fn by_oid_mut(&mut self, oid: &str) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|account| account.oid == oid)
    }

    pub(crate) fn by_upn(&self, upn: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.is_called(upn))
    }

    pub(crate) fn by_upn_mut(&mut self, upn: &str) -> Option<&mut Account> {
        self.accounts.iter_mut().find(|account| account.is_called(upn))
    }

    /// The user name of an account, also of a deleted one.
    pub(crate) fn name_of(&self, oid: &str) -> Option<String> {
        let mut all = self.accounts.iter().chain(&self.gone);
        all.find(|account| account.oid == oid).map(|account| account.upn.clone())
    }

    /// By user name or any address, as a `login_hint` is. User names first: a stranger who carries somebody's address
    /// does not hide them.
    pub(crate) fn by_name(&self, name: &str) -> Option<&Account> {
        self.by_upn(name).or_else(|| self.accounts.iter().find(|account| account.owns(name)))
    }

    /// Each account with its element id in the picker: `account-<local part>`, and with the domain after it where an
    /// earlier account has that id. A guest's has hyphens for dots.
    pub(crate) fn with_ids(&self) -> Vec<(String, &Account)> {
        let mut used = BTreeSet::new();
        let id = |account: &Account| {
            let local = account.local_part();
            let local = if account.guest { local.replace('.', "-") } else { local.to_owned() };
            let domain = account.upn.rsplit('@').next().unwrap_or_default().replace('.', "-");
            let (short, long) = (format!("account-{local}"), format!("account-{local}-{domain}"));
            if used.insert(short.clone()) { short } else { long }
        };
        self.accounts.iter().map(id).zip(&self.accounts).collect()
    }

    /// Reads `{tenant}`; `None` is AADSTS90002.
    pub(crate) fn tenant(&self, segment: &str) -> Option<Tenant> {
        match segment {
            "organizations" => return Some(Tenant::Organizations),
            "common" => return Some(Tenant::Common),
            _ => {}
        }
        if segment.eq_ignore_ascii_case(DOMAIN) || segment.eq_ignore_ascii_case(TENANT_ID) {
            return Some(Tenant::One(TENANT_ID.to_owned()));
        }
        let known = self.accounts.iter().find(|account| account.tid.eq_ignore_ascii_case(segment));
        known.map(|account| Tenant::One(account.tid.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(upn: &str) -> Account {
        Account::new(upn.to_owned(), upn.to_owned(), upn.to_owned())
    }

    #[test]
    fn a_tenant_has_four_names() {
        let directory = Directory::bakery();
        for name in [TENANT_ID, "BakkerijJansen.example"] {
            assert_eq!(directory.tenant(name), Some(Tenant::One(TENANT_ID.into())));
        }
        assert_eq!(directory.tenant("organizations"), Some(Tenant::Organizations));
        assert_eq!(directory.tenant("common"), Some(Tenant::Common));
        assert_eq!(directory.tenant("consumers"), None);
    }

    #[test]
    fn an_alias_is_an_own_address() {
        let directory = Directory::bakery();
        let account = directory.by_name("Verkoop@bakkerijjansen.example").unwrap();
        assert_eq!(account.local_part(), "facturen");
        assert!(!account.owns("anna@bakkerijjansen.example"));
    }

    #[test]
    fn a_stranger_with_an_owners_address_does_not_hide_the_owner() {
        let mut directory = Directory::bakery();
        let address = "nieuw@bakkerijjansen.example";
        let stranger = Account {
            tid: "11111111-2222-4333-8444-555555555555".to_owned(),
            mail: Some(address.to_owned()),
            ..account("nieuw@vreemd.example")
        };
        directory.add(stranger).unwrap();
        directory.add(account(address)).unwrap();
        assert_eq!(directory.by_name(address).unwrap().upn, address);
        assert_eq!(directory.add(account("verkoop@bakkerijjansen.example")), Err("upn exists"));
        let ids: Vec<String> = directory.with_ids().into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids[3..], ["account-nieuw", "account-nieuw-bakkerijjansen-example"]);
    }

    #[test]
    fn a_deleted_account_keeps_its_name() {
        let mut directory = Directory::bakery();
        let anna = directory.remove("anna@bakkerijjansen.example").unwrap();
        assert!(directory.by_oid(&anna.oid).is_none());
        assert_eq!(directory.name_of(&anna.oid), Some(anna.upn));
    }
}
