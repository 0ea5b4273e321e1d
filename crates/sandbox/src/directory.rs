//! The tenants and accounts that exist here. Passwords are public: the sign-in page prints them.

use serde::{Deserialize, Serialize};

use crate::random;

/// "Bakkerij Jansen", the tenant every sandbox has.
pub(crate) const TENANT_ID: &str = "b0a7e5c1-1d8e-4b6f-9c53-0a1b2c3d4e5f";
/// Its verified domain.
pub(crate) const DOMAIN: &str = "bakkerijjansen.example";

/// A person or a mailbox that can sign in.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Account {
    pub(crate) oid: String,
    pub(crate) tid: String,
    pub(crate) upn: String,
    pub(crate) mail: String,
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) password: String,
    /// Addresses of other mailboxes it has Send As and Full Access on (section 4.7).
    pub(crate) send_as: Vec<String>,
}

impl Account {
    /// The part before the `@`, which names the button on the sign-in page.
    pub(crate) fn local_part(&self) -> &str {
        self.upn.split('@').next().unwrap_or_default()
    }

    /// Whether the address is this mailbox's own: user name, primary address or alias.
    pub(crate) fn owns(&self, address: &str) -> bool {
        let same = |own: &str| own.eq_ignore_ascii_case(address);
        same(&self.upn) || same(&self.mail) || self.aliases.iter().any(|alias| same(alias))
    }

    /// Whether Exchange lets this account send from the other address.
    pub(crate) fn may_send_as(&self, address: &str) -> bool {
        self.send_as.iter().any(|granted| granted.eq_ignore_ascii_case(address))
    }
}

/// The body of `POST /sandbox/accounts`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAccount {
    upn: String,
    name: String,
    mail: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    password: Option<String>,
    #[serde(default)]
    send_as: Vec<String>,
    /// Another tenant's GUID, to see what a stranger's sign-in does.
    tid: Option<String>,
}

/// All accounts, in the order of the picker.
#[derive(Debug)]
pub(crate) struct Directory {
    accounts: Vec<Account>,
}

/// What `{tenant}` in a path stands for (section 1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tenant {
    /// `organizations`, `common`: any work account.
    Any,
    /// One tenant, by its GUID.
    One(String),
}

impl Tenant {
    pub(crate) fn admits(&self, account: &Account) -> bool {
        match self {
            Self::Any => true,
            Self::One(tid) => *tid == account.tid,
        }
    }
}

impl Directory {
    pub(crate) fn bakery() -> Self {
        let account = |oid: &str, local: &str, name: &str, aliases: &[&str], send_as: &[&str]| Account {
            oid: oid.to_owned(),
            tid: TENANT_ID.to_owned(),
            upn: format!("{local}@{DOMAIN}"),
            mail: format!("{local}@{DOMAIN}"),
            name: name.to_owned(),
            aliases: aliases.iter().map(|alias| format!("{alias}@{DOMAIN}")).collect(),
            password: "brood".to_owned(),
            send_as: send_as.iter().map(|other| format!("{other}@{DOMAIN}")).collect(),
        };
        let facturen = "0f0f0f0f-1111-4111-8111-fac700000001";
        let anna = "a22a0000-2222-4222-8222-a22a00000002";
        Self {
            accounts: vec![
                account(facturen, "facturen", "Facturen Bakkerij Jansen", &["verkoop"], &[]),
                account(anna, "anna", "Anna Jansen", &[], &["facturen"]),
            ],
        }
    }

    pub(crate) fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// Adds an account, or says why not.
    pub(crate) fn add(&mut self, new: NewAccount) -> Result<Account, &'static str> {
        if new.upn.split('@').filter(|part| !part.is_empty()).count() != 2 {
            return Err("upn must look like name@domain");
        }
        if self.by_name(&new.upn).is_some() {
            return Err("upn exists");
        }
        let account = Account {
            oid: random::guid(),
            tid: new.tid.unwrap_or_else(|| TENANT_ID.to_owned()),
            mail: new.mail.unwrap_or_else(|| new.upn.clone()),
            upn: new.upn,
            name: new.name,
            aliases: new.aliases,
            password: new.password.unwrap_or_else(|| "brood".to_owned()),
            send_as: new.send_as,
        };
        self.accounts.push(account.clone());
        Ok(account)
    }

    pub(crate) fn by_oid(&self, oid: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.oid == oid)
    }

    /// The user name of an account.
    pub(crate) fn name_of(&self, oid: &str) -> Option<String> {
        self.by_oid(oid).map(|account| account.upn.clone())
    }

    /// By user name or any address, as a `login_hint` is.
    pub(crate) fn by_name(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.owns(name))
    }

    /// Reads `{tenant}`; `None` is AADSTS90002.
    pub(crate) fn tenant(&self, segment: &str) -> Option<Tenant> {
        if segment == "organizations" || segment == "common" {
            return Some(Tenant::Any);
        }
        if segment.eq_ignore_ascii_case(DOMAIN) {
            return Some(Tenant::One(TENANT_ID.to_owned()));
        }
        let known = self.accounts.iter().find(|account| account.tid.eq_ignore_ascii_case(segment));
        known.map(|account| Tenant::One(account.tid.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_four_names() {
        let directory = Directory::bakery();
        for name in [TENANT_ID, "BakkerijJansen.example"] {
            assert_eq!(directory.tenant(name), Some(Tenant::One(TENANT_ID.into())));
        }
        for name in ["organizations", "common"] {
            assert_eq!(directory.tenant(name), Some(Tenant::Any));
        }
        assert_eq!(directory.tenant("consumers"), None);
    }

    #[test]
    fn an_alias_is_an_own_address() {
        let directory = Directory::bakery();
        let account = directory.by_name("Verkoop@bakkerijjansen.example").unwrap();
        assert_eq!(account.local_part(), "facturen");
        assert!(!account.owns("anna@bakkerijjansen.example"));
    }
}
