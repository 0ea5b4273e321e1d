use api::{AttemptId, Code, FieldError, Problem, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Sql, calls};

calls! {
    /// Makes the organisation. Only an operator's request leads here.
    Create {
        name: String,
        tenant: Option<String>,
        at: Timestamp,
    } -> (), "create";

    /// Ties the organisation to a Microsoft tenant, which a person confirmed for that sign-in. The answer says whether the
    /// pin is provisional: then [`SettlePin`] follows, when the mailbox has connected or refused to.
    PinTenant {
        tenant: String,
        attempt: AttemptId,
    } -> bool, "pin_tenant";

    /// Makes a provisional pin final, or takes it back. Without an answer of the mailbox neither is asked, and the pin stays.
    SettlePin {
        attempt: AttemptId,
        connected: bool,
    } -> (), "settle_pin";
}

/// What is stored of the organisation itself.
#[derive(Serialize, Deserialize)]
pub(super) struct Profile {
    pub(super) name: String,
    pub(super) tenant: Option<String>,
    created_at: Timestamp,
    /// The sign-ins that the pin waits for. Empty: it is final.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    provisional: Vec<AttemptId>,
}

pub(super) fn create(sql: &Sql, call: &Create) -> Result<(), Problem> {
    if let Some(tenant) = &call.tenant {
        check_tenant(tenant)?;
    }
    for table in [
        "CREATE TABLE IF NOT EXISTS organisation (one INTEGER PRIMARY KEY, json TEXT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS mailbox (id TEXT PRIMARY KEY, addresses TEXT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS api_key (id TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL, \
         mailboxes TEXT, at INTEGER NOT NULL)",
        "CREATE TABLE IF NOT EXISTS link (id TEXT PRIMARY KEY, hash TEXT NOT NULL, expires_at INTEGER NOT NULL)",
        "CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, hash TEXT NOT NULL, ends_at INTEGER NOT NULL)",
    ] {
        sql.run(table, Vec::new())?;
    }
    let (name, tenant) = (call.name.clone(), call.tenant.clone());
    let profile = Profile { name, tenant, created_at: call.at, provisional: Vec::new() };
    sql.set_record("organisation", &profile)
}

/// The profile of an organisation that exists.
pub(super) fn profile(sql: &Sql) -> Result<Profile, Problem> {
    let missing = || Problem::new(Code::NotFound, "there is no such organisation");
    if !sql.has_table("organisation")? {
        return Err(missing());
    }
    sql.record("organisation")?.ok_or_else(missing)
}

pub(super) fn pin_tenant(sql: &Sql, call: &PinTenant) -> Result<bool, Problem> {
    check_tenant(&call.tenant)?;
    let mut profile = profile(sql)?;
    match &profile.tenant {
        Some(tenant) if !tenant.eq_ignore_ascii_case(&call.tenant) => {
            let detail = format!("the organisation belongs to the Microsoft tenant {tenant}");
            return Err(Problem::new(Code::WrongTenant, detail));
        }
        Some(_) if profile.provisional.is_empty() => return Ok(false),
        Some(_) => {}
        None => profile.tenant = Some(call.tenant.clone()),
    }
    if !profile.provisional.contains(&call.attempt) {
        profile.provisional.push(call.attempt);
    }
    sql.set_record("organisation", &profile)?;
    Ok(true)
}

pub(super) fn settle_pin(sql: &Sql, call: &SettlePin) -> Result<(), Problem> {
    let mut profile = profile(sql)?;
    if profile.provisional.is_empty() {
        return Ok(());
    }
    if call.connected {
        profile.provisional.clear();
    } else {
        profile.provisional.retain(|attempt| *attempt != call.attempt);
        if profile.provisional.is_empty() {
            profile.tenant = None;
        }
    }
    sql.set_record("organisation", &profile)
}

/// A tenant is its id, a GUID, or one of its domain names: it stands in URLs.
fn check_tenant(tenant: &str) -> Result<(), Problem> {
    if is_guid(tenant) || is_domain(tenant) {
        return Ok(());
    }
    let detail = "a tenant is its id, like 11111111-2222-3333-4444-555555555555, or one of its domain names";
    let error = FieldError { pointer: "/tenant".to_owned(), detail: detail.to_owned() };
    Err(Problem::new(Code::FieldsRefused, detail).with_errors(vec![error]))
}

fn is_guid(text: &str) -> bool {
    let mut parts = text.split('-');
    let fits = |length: usize| {
        parts
            .next()
            .is_some_and(|part| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    [8, 4, 4, 4, 12].into_iter().all(fits) && parts.next().is_none()
}

/// RFC 1123 section 2.1, and at least one dot.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_label)
}
