//! Making tokens, and the answer that carries them (sections 1.5, 1.6, 1.9).

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{
    account::Account,
    entra::{authorize_answer::client_info, keys::part},
    random,
    scopes::{EMAIL, OFFLINE_ACCESS, OPENID, PROFILE, Resource, Scope},
    state::{Sandbox, Store},
};

/// 90 days without use (section 1.6).
pub(crate) const REFRESH_TOKEN_SECONDS: i64 = 90 * 24 * 3600;

/// A token for one API, looked up by its text: to Graph it is as opaque as to everybody else.
#[derive(Clone)]
pub(crate) struct AccessToken {
    pub(crate) value: String,
    pub(crate) oid: String,
    pub(crate) resource: Resource,
    /// Every permission of that resource the account consented to, asked for or not.
    pub(crate) scopes: Vec<Scope>,
    pub(crate) expires_at: i64,
}

/// Bound to account and app, not to a resource (section 1.6). The older ones stay valid beside the newer.
#[derive(Clone)]
pub(crate) struct RefreshToken {
    pub(crate) value: String,
    pub(crate) client_id: String,
    pub(crate) oid: String,
    /// What a refresh without `scope` gets: the original scopes.
    pub(crate) scopes: Vec<Scope>,
    pub(crate) issued_at: DateTime<Utc>,
    pub(crate) revoked_at: Option<DateTime<Utc>>,
    pub(crate) expires_at: i64,
}

macro_rules! hidden {
    ($($name:ident),*) => { $(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("oid", &self.oid).finish_non_exhaustive()
            }
        }
    )* };
}
hidden!(AccessToken, RefreshToken);

/// What a grant decided.
pub(crate) struct Grant<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) account: &'a Account,
    pub(crate) resource: Resource,
    /// Asked for in this request; the OpenID Connect scopes among them shape the id_token.
    pub(crate) asked: &'a [Scope],
    /// Original scopes, for the new refresh token; `None` when none is due.
    pub(crate) refreshable: Option<&'a [Scope]>,
    pub(crate) nonce: Option<&'a str>,
    pub(crate) client_info: bool,
}

/// The answer of section 1.5.
pub(crate) fn answer(grant: &Grant<'_>, store: &mut Store, sandbox: &Sandbox, origin: &str) -> Value {
    let now = sandbox.clock.seconds();
    let oid = &grant.account.oid;
    // Entra draws 60 to 90 minutes; `expires_in` shows a second less (section 1.5).
    let life = store.settings.access_token_seconds.unwrap_or_else(|| random::between(3600, 5400) - 1);
    let scopes = consented(store, grant);
    let value = access_token(grant, &scopes, now, life);
    let token = AccessToken {
        value: value.clone(),
        oid: oid.clone(),
        resource: grant.resource,
        scopes: scopes.clone(),
        expires_at: now + life,
    };
    store.access_tokens.push(token);

    let mut body = Map::new();
    body.insert("token_type".into(), "Bearer".into());
    body.insert("scope".into(), scope_text(grant, &scopes).into());
    body.insert("expires_in".into(), life.into());
    body.insert("ext_expires_in".into(), life.into());
    body.insert("access_token".into(), value.into());
    if let Some(original) = grant.refreshable {
        let token = RefreshToken {
            // 900 random bytes are 1200 characters, Entra's order of size.
            value: format!("1.A{}", random::text(900)),
            client_id: grant.client_id.to_owned(),
            oid: oid.clone(),
            scopes: original.to_vec(),
            issued_at: sandbox.clock.now(),
            revoked_at: None,
            expires_at: now + REFRESH_TOKEN_SECONDS,
        };
        body.insert("refresh_token".into(), token.value.clone().into());
        store.refresh_tokens.push(token);
    }
    if grant.asked.contains(&OPENID) {
        body.insert("id_token".into(), sandbox.key.sign(&id_claims(grant, origin, now)).into());
    }
    if grant.client_info {
        body.insert("client_info".into(), client_info(grant.account).into());
    }
    Value::Object(body)
}

fn consented(store: &Store, grant: &Grant<'_>) -> Vec<Scope> {
    let given = store.consents.given(grant.client_id, grant.account);
    given.into_iter().filter(|scope| scope.resource == Some(grant.resource)).collect()
}

/// Permissions in full, sorted; more than was asked where more was consented to. OpenID Connect scopes are "not always
/// listed" (section 1.3): here Graph's answer lists them and Exchange's does not, and `offline_access` never is.
fn scope_text(grant: &Grant<'_>, scopes: &[Scope]) -> String {
    let listed = |scope: &&Scope| {
        grant.resource == Resource::Graph && scope.resource.is_none() && **scope != OFFLINE_ACCESS
    };
    let mut words: Vec<String> = scopes.iter().map(Scope::full).collect();
    words.extend(grant.asked.iter().filter(listed).map(Scope::full));
    words.sort();
    words.join(" ")
}

/// Looks like a JSON Web Token of real size (2 to 3 kB). Its signature is noise on purpose: only the API it is for may
/// look inside (section 1.9), and whoever does is found out.
fn access_token(grant: &Grant<'_>, scopes: &[Scope], now: i64, life: i64) -> String {
    let account = grant.account;
    let names: Vec<&str> = scopes.iter().map(|scope| scope.name).collect();
    let header = json!({ "typ": "JWT", "nonce": random::text(32), "alg": "RS256", "kid": random::text(20) });
    let filler = random::text(usize::try_from(random::between(600, 900)).unwrap_or(700));
    let claims = json!({
        "aud": grant.resource.url(), "iss": format!("https://sts.windows.net/{}/", account.tid),
        "iat": now, "nbf": now, "exp": now + life, "aio": filler, "app_displayname": "Postbode",
        "appid": grant.client_id, "appidacr": "1", "idtyp": "user", "name": account.name,
        "oid": account.oid, "scp": names.join(" "), "tid": account.tid, "upn": account.upn,
        "uti": random::text(16), "ver": "1.0",
    });
    format!("{}.{}.{}", part(&header), part(&claims), random::text(256))
}

/// Section 1.9: `name`, `preferred_username` and `oid` with `profile`; `email` with `email`.
fn id_claims(grant: &Grant<'_>, origin: &str, now: i64) -> Value {
    let account = grant.account;
    let mut claims = json!({
        "aud": grant.client_id, "iss": format!("{origin}/{}/v2.0", account.tid),
        "iat": now, "nbf": now, "exp": now + 3600, "rh": format!("1.A{}", random::text(36)),
        // Pairwise: another app sees another value.
        "sub": URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{} {}", grant.client_id, account.oid))),
        "tid": account.tid, "uti": random::text(16), "ver": "2.0",
    });
    let mut add =
        |name: &str, value: &str| claims.as_object_mut().map(|map| map.insert(name.into(), value.into()));
    if grant.asked.contains(&PROFILE) {
        add("name", &account.name);
        add("preferred_username", &account.upn);
        add("oid", &account.oid);
    }
    if grant.asked.contains(&EMAIL) {
        // "Can be absent" (section 1.9): an account without a mail address has none to tell.
        if let Some(mail) = &account.mail {
            add("email", mail);
        }
    }
    if let Some(nonce) = grant.nonce {
        add("nonce", nonce);
    }
    claims
}
