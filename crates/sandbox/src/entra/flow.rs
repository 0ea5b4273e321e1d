//! A sign-in under way, and the code it ends in.

use std::fmt;

use crate::{
    account::Account,
    entra::{
        authorize_request::{AuthorizeRequest, Prompt},
        catalogue::{self, Class, Place},
        errors::{self, Refusal},
    },
    random,
    scopes::Scope,
    state::Store,
};

/// How long the pages of one sign-in may take in all. Entra's value is unknown [U].
const FLOW_SECONDS: i64 = 3600;

/// One sign-in, from the first page to the code.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub(crate) request: AuthorizeRequest,
    pub(crate) oid: Option<String>,
    pub(crate) authenticated: bool,
    /// Pressed *Accept* in this flow (for `prompt=consent`).
    pub(crate) accepted: bool,
    /// Asked an administrator in this flow.
    pub(crate) requested: bool,
    pub(crate) expires_at: i64,
}

/// What the person sees next.
#[derive(Debug)]
pub(crate) enum Step {
    Picker,
    Password(Account),
    Consent(Account),
    /// May not consent; the number says why.
    Approval(Account, u32),
    RequestSent(Account),
    /// The admin consent endpoint, and no administrator.
    Cancelled,
    Done(Account),
    /// It ends on the error page, whatever the person does.
    Refused(Refusal),
}

impl Flow {
    /// Begins with what hint and browser session already tell (section 1.2).
    pub(crate) fn begin(
        request: AuthorizeRequest,
        session: Option<&Account>,
        store: &Store,
        now: i64,
    ) -> Self {
        let hinted = request.login_hint.as_deref().and_then(|hint| store.directory.by_name(hint));
        let account = match request.prompt {
            Prompt::SelectAccount => None,
            Prompt::Login => hinted,
            Prompt::Silent | Prompt::Consent | Prompt::Unsaid => {
                hinted.or(session.filter(|_| request.login_hint.is_none()))
            }
        };
        let account = account.filter(|account| request.tenant.admits(account));
        let mut flow = Self {
            request,
            oid: None,
            authenticated: false,
            accepted: false,
            requested: false,
            expires_at: now + FLOW_SECONDS,
        };
        if let Some(account) = account {
            flow.choose(account, session);
        }
        flow
    }

    /// Takes an account; the browser's session spares it the password, unless `prompt=login`.
    pub(crate) fn choose(&mut self, account: &Account, session: Option<&Account>) {
        let signed_in = session.is_some_and(|session| session.oid == account.oid);
        self.authenticated = signed_in && self.request.prompt != Prompt::Login;
        self.oid = Some(account.oid.clone());
        self.requested = false;
    }

    pub(crate) fn next(&self, store: &Store) -> Step {
        let Some(account) = self.oid.as_deref().and_then(|oid| store.directory.by_oid(oid)).cloned() else {
            return Step::Picker;
        };
        if !self.authenticated {
            return Step::Password(account);
        }
        if let Some(refusal) = blocked(&account) {
            return Step::Refused(refusal);
        }
        if self.request.admin_consent {
            return if account.admin { Step::Consent(account) } else { Step::Cancelled };
        }
        let policy = store.policy(&account.tid);
        if policy.assignment_required && !account.assigned {
            return Step::Refused(errors::not_assigned(&account, &self.request.client_id));
        }
        let missing = self.missing(store, &account);
        if missing.is_empty() {
            return Step::Done(account);
        }
        match policy.stops(&account, &missing) {
            None => Step::Consent(account),
            Some(_) if self.requested => Step::RequestSent(account),
            Some(number) => Step::Approval(account, number),
        }
    }

    /// What has to be consented to: with `prompt=consent` everything, even what an administrator granted (section 1.2).
    fn missing(&self, store: &Store, account: &Account) -> Vec<Scope> {
        let again = self.request.prompt == Prompt::Consent && !self.accepted;
        let given = store.consents.given(&self.request.client_id, account);
        self.request.scopes.iter().filter(|scope| again || !given.contains(scope)).copied().collect()
    }
}

/// What ends every sign-in of the account: it is disabled, or something only an administrator can change keeps its
/// tokens from being renewed.
fn blocked(account: &Account) -> Option<Refusal> {
    if account.disabled {
        return catalogue::on_page(50057);
    }
    let row = account.refresh_refused.and_then(|number| catalogue::find(number, Place::Token))?;
    if row.class == Class::Administrator { catalogue::on_page(row.number) } else { None }
}

/// An authorization code and all it is bound to: client, redirect URI, tenant, challenge.
#[derive(Clone)]
pub(crate) struct Code {
    pub(crate) value: String,
    pub(crate) oid: String,
    pub(crate) request: AuthorizeRequest,
    pub(crate) expires_at: i64,
    /// Single use: the second try is AADSTS54005 (section 1.4).
    pub(crate) redeemed: bool,
}

impl Code {
    /// 750 random bytes are 1000 characters: codes can be longer than 1 kB (section 1.4).
    pub(crate) fn issue(store: &mut Store, request: AuthorizeRequest, oid: &str, now: i64) -> String {
        let value = format!("1.A{}", random::text(750));
        let expires_at = now + store.settings.code_seconds;
        let code = Self { value: value.clone(), oid: oid.to_owned(), request, expires_at, redeemed: false };
        store.codes.push(code);
        value
    }

    pub(crate) fn scopes(&self) -> &[Scope] {
        &self.request.scopes
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code")
            .field("oid", &self.oid)
            .field("redeemed", &self.redeemed)
            .finish_non_exhaustive()
    }
}
