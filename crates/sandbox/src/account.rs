//! One account: who it is, and what a test has decided about it. Passwords are public: the sign-in page prints them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    directory::TENANT_ID,
    entra::catalogue::{self, Place},
    random,
};

/// The tenant of all personal Microsoft accounts (section 1.9).
pub(crate) const PERSONAL_TENANT_ID: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// What no change touches; said once, when the account is made.
const FIXED: [&str; 4] = ["oid", "tid", "upn", "guest"];

/// A person or a mailbox that can sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, as in an administrator's list"
)]
pub(crate) struct Account {
    pub(crate) oid: String,
    pub(crate) tid: String,
    pub(crate) upn: String,
    /// Nobody verifies it: a foreign tenant's account may carry somebody else's address.
    pub(crate) mail: Option<String>,
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) password: String,
    /// Addresses of other mailboxes it has Send As and Full Access on (section 4.7).
    pub(crate) send_as: Vec<String>,
    pub(crate) may_consent: bool,
    /// May consent for the whole organisation (section 2.1).
    pub(crate) admin: bool,
    pub(crate) guest: bool,
    pub(crate) disabled: bool,
    /// Whether `/me` tells `proxyAddresses`.
    pub(crate) show_aliases: bool,
    /// To the apps, where the tenant asks for it (AADSTS50105).
    pub(crate) assigned: bool,
    /// Every refresh ends with this number.
    pub(crate) refresh_refused: Option<u32>,
    /// `SmtpClientAuthenticationDisabled` of the mailbox; `None` follows the tenant (section 6.5).
    pub(crate) smtp_auth_disabled: Option<bool>,
    /// A rule of Conditional Access stops its sign-ins by SMTP.
    pub(crate) smtp_conditional_access: bool,
    pub(crate) smtp_mailbox_full: bool,
    /// It has written to 10 000 recipients today.
    pub(crate) smtp_quota_exceeded: bool,
}

impl Account {
    /// An account of the bakery with nothing special about it.
    pub(crate) fn new(oid: String, upn: String, name: String) -> Self {
        Self {
            oid,
            tid: TENANT_ID.to_owned(),
            mail: Some(upn.clone()),
            upn,
            name,
            aliases: Vec::new(),
            password: "brood".to_owned(),
            send_as: Vec::new(),
            may_consent: true,
            admin: false,
            guest: false,
            disabled: false,
            show_aliases: true,
            assigned: true,
            refresh_refused: None,
            smtp_auth_disabled: None,
            smtp_conditional_access: false,
            smtp_mailbox_full: false,
            smtp_quota_exceeded: false,
        }
    }

    /// The body of `POST /sandbox/accounts`.
    pub(crate) fn ordered(mut fields: Map<String, Value>) -> Result<Self, String> {
        let upn = text(&mut fields, "upn")?.ok_or("upn is missing")?;
        if upn.split('@').filter(|part| !part.is_empty()).count() != 2 {
            return Err("upn must look like name@domain".to_owned());
        }
        if !fields.contains_key("name") {
            return Err("name is missing".to_owned());
        }
        let guest = match fields.remove("guest") {
            None => false,
            Some(Value::Bool(guest)) => guest,
            Some(_) => return Err("guest must be true or false".to_owned()),
        };
        let mut account = Self::new(random::guid(), upn, String::new());
        if let Some(tid) = text(&mut fields, "tid")? {
            account.tid = tid;
        }
        if guest {
            account = account.into_guest();
        }
        account.changed(fields)
    }

    /// What is absent stays. An unknown name is an error, since a misspelt one is a test that tests nothing.
    pub(crate) fn changed(&self, change: Map<String, Value>) -> Result<Self, String> {
        if let Some(fixed) = FIXED.iter().find(|name| change.contains_key(**name)) {
            return Err(format!("{fixed} can't be changed"));
        }
        let mut all = serde_json::to_value(self).map_err(|error| error.to_string())?;
        if let Some(fields) = all.as_object_mut() {
            fields.extend(change);
        }
        let changed: Self = serde_json::from_value(all).map_err(|error| error.to_string())?;
        match changed.refresh_refused {
            Some(number) if catalogue::find(number, Place::Token).is_none() => {
                Err(format!("data/aadsts.csv has no {number} for the token endpoint"))
            }
            _ => Ok(changed),
        }
    }

    /// Invited from elsewhere: the user name is made of the address at home, which stays its mail address.
    fn into_guest(self) -> Self {
        let home = self.upn.replace('@', "_");
        let tenant = if self.tid == TENANT_ID { "bakkerijjansen" } else { self.tid.as_str() };
        Self { guest: true, upn: format!("{home}#EXT#@{tenant}.onmicrosoft.example"), ..self }
    }

    /// The part before the `@`, which names the button on the sign-in page; a guest's without `#EXT#`.
    pub(crate) fn local_part(&self) -> &str {
        self.upn.split(['@', '#']).next().unwrap_or_default()
    }

    /// Where its mail comes from.
    pub(crate) fn address(&self) -> &str {
        self.mail.as_deref().unwrap_or(&self.upn)
    }

    pub(crate) fn personal(&self) -> bool {
        self.tid == PERSONAL_TENANT_ID
    }

    /// Whether the user name is this one.
    pub(crate) fn is_called(&self, upn: &str) -> bool {
        self.upn.eq_ignore_ascii_case(upn)
    }

    /// Whether the address is this mailbox's own: user name, primary address or alias.
    pub(crate) fn owns(&self, address: &str) -> bool {
        let others = self.mail.iter().chain(&self.aliases);
        self.is_called(address) || others.into_iter().any(|own| own.eq_ignore_ascii_case(address))
    }

    /// Whether Exchange lets this account send from the other address.
    pub(crate) fn may_send_as(&self, address: &str) -> bool {
        self.send_as.iter().any(|granted| granted.eq_ignore_ascii_case(address))
    }

    pub(crate) fn may_send_for(&self, mailbox: &Self) -> bool {
        self.send_as.iter().any(|granted| mailbox.owns(granted))
    }
}

fn text(fields: &mut Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("{name} must be text")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ordered(fields: &Value) -> Result<Account, String> {
        Account::ordered(fields.as_object().unwrap().clone())
    }

    #[test]
    fn absent_stays_and_null_means_none() {
        let anna = ordered(&json!({ "upn": "a@b.example", "name": "A" })).unwrap();
        assert_eq!((anna.address(), anna.may_consent, anna.admin), ("a@b.example", true, false));
        let change = |fields: Value| anna.changed(fields.as_object().unwrap().clone());
        let nameless = change(json!({ "mail": null, "refresh_refused": 50076 })).unwrap();
        assert_eq!((nameless.mail.as_deref(), nameless.refresh_refused), (None, Some(50076)));
        assert_eq!(nameless.name, "A");
        for bad in [
            json!({ "oid": "x" }),
            json!({ "guest": true }),
            json!({ "colour": 1 }),
            json!({ "admin": null }),
            json!({ "refresh_refused": 1 }),
        ] {
            assert!(change(bad.clone()).is_err(), "{bad}");
        }
        assert!(ordered(&json!({ "upn": "a", "name": "A" })).is_err());
        assert!(ordered(&json!({ "upn": "a@b.example" })).is_err());
    }

    #[test]
    fn a_guest_is_called_after_home() {
        let guest = ordered(&json!({ "upn": "anna@vreemd.example", "name": "Anna", "guest": true })).unwrap();
        assert_eq!(guest.upn, "anna_vreemd.example#EXT#@bakkerijjansen.onmicrosoft.example");
        assert_eq!((guest.mail.as_deref(), guest.tid.as_str()), (Some("anna@vreemd.example"), TENANT_ID));
        assert_eq!(guest.local_part(), "anna_vreemd.example");
    }
}
