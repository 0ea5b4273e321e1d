//! Who is asking. A MAC is checked here, before any object or body is touched; whether a credential still holds, its
//! organisation is asked afterwards.

use api::{ApprovalView, Code, Digest, Kind, MailboxId, OrganisationId, Problem, Timestamp};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gateway::purpose::{ApiKey, Session};
use gateway::{Credential, Mint, same_secret};
use microsoft::{Endpoints, Sending, admin_consent, asked_of_administrator, permission_name};
use worker::Env;

use super::App;
use crate::config::Config;
use crate::host::now;
use crate::objects::mailbox::Around;
use crate::objects::organisation::{SessionHolder, UseSession};
use crate::objects::{Object, Objects};
use crate::registration::StoredRegistration;

/// The name of the session cookie; `__Host-` binds it to this host, this path and TLS.
pub(super) const COOKIE: &str = "__Host-postbode";

/// Requests of the E-mail server page carry this; a form of another site can't.
const PAGE_HEADER: &str = "x-postbode";

/// The text after `Authorization: Bearer`.
fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let value =
        value.ok_or_else(|| Problem::new(Code::CredentialsMissing, "the Authorization header is missing"))?;
    let (scheme, token) = value.split_once(' ').unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() {
        Ok(token.trim())
    } else {
        Err(Problem::new(Code::CredentialsMissing, "the Authorization header does not say Bearer and a key"))
    }
}

/// An ERP.
pub(super) fn erp(config: &Config, headers: &HeaderMap) -> Result<Credential<ApiKey>, Problem> {
    let refused = || Problem::new(Code::CredentialsRefused, "this is not a key of this installation");
    Mint::new(&config.ring).check(bearer(headers)?).ok_or_else(refused)
}

/// The operator.
pub(super) fn operator(config: &Config, headers: &HeaderMap) -> Result<(), Problem> {
    if same_secret(bearer(headers)?.as_bytes(), config.operator_secret.as_bytes()) {
        Ok(())
    } else {
        Err(Problem::new(Code::CredentialsRefused, "this is not the operator secret of this installation"))
    }
}

/// An employee with a session that holds, and the way to what that session may reach.
pub(super) struct Employee {
    env: Env,
    pub(super) config: Config,
    pub(super) organisation: OrganisationId,
    pub(super) session: Credential<Session>,
    pub(super) holder: SessionHolder,
}

impl Employee {
    /// The session's hash, which consent attempts are bound to.
    pub(super) fn session_digest(&self) -> Digest {
        Digest(hash_text(&self.session.hash))
    }

    /// A mailbox of this organisation, by its id in the path.
    pub(super) fn mailbox(&self, id: MailboxId) -> Result<Object, Problem> {
        self.objects().mailbox(self.organisation, id)
    }

    /// The list of what administrators were asked for.
    pub(super) fn directory(&self) -> Result<Object, Problem> {
        self.objects().directory()
    }

    /// The organisation itself.
    pub(super) fn organisation(&self) -> Result<Object, Problem> {
        self.objects().organisation(self.organisation)
    }

    /// What the page shows beside what the mailbox knows.
    pub(super) fn around(&self) -> Result<Around, Problem> {
        let registration = self
            .holder
            .registration
            .as_ref()
            .map_or_else(|| self.config.registration.view(), StoredRegistration::view);
        let endpoints = self.endpoints();
        let mut scopes = asked_of_administrator(&self.in_use(), &endpoints);
        scopes.extend(
            self.holder.asked.iter().filter(|scope| !scopes.contains(scope)).cloned().collect::<Vec<_>>(),
        );
        let tenant = self.holder.tenant.clone();
        let at = tenant.clone().unwrap_or_else(|| self.authority());
        let uri = self.config.approved_uri();
        // The page that it leads back to believes nothing, so there is no state to keep.
        let link = admin_consent(&endpoints, &at, &registration.client_id, &scopes, &uri, "approval")
            .map_err(|refusal| refusal.problem())?;
        let permissions = scopes.iter().map(|scope| permission_name(scope).to_owned()).collect();
        let approval = ApprovalView { since: Timestamp::default(), link, permissions, tenant };
        Ok(Around { registration, approval })
    }

    /// The permissions to ask an administrator for, as far as this organisation knows.
    pub(super) fn scopes_in_use(&self) -> Vec<String> {
        asked_of_administrator(&self.in_use(), &self.endpoints())
    }

    /// How mail is sent in this tenant, as far as we can know. While the tenant is not known, it may be one in which other
    /// organisations use the other kind.
    fn in_use(&self) -> Vec<Sending> {
        let mut in_use = self.holder.sendings.clone();
        if self.holder.tenant.is_none() || in_use.is_empty() {
            let kinds = Kind::ALL.into_iter().filter(|kind| kind.signs_in());
            in_use.extend(kinds.map(|kind| Sending { kind, shared: false }));
        }
        in_use
    }

    fn endpoints(&self) -> Endpoints {
        let own = self.holder.registration.as_ref().map(|own| own.cloud).unwrap_or_default();
        self.config.registration.endpoints.of(own)
    }

    /// The tenant in URLs while the organisation is not tied to one.
    fn authority(&self) -> String {
        match &self.holder.registration {
            Some(own) => own.tenant.clone().unwrap_or_else(|| "organizations".to_owned()),
            None => self.config.registration.tenant.clone(),
        }
    }

    fn objects(&self) -> Objects<'_> {
        Objects::new(&self.env, &self.config.jurisdiction)
    }
}

/// A hash as it is stored and compared.
pub(super) fn hash_text(hash: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(hash)
}

/// Refuses what a page of another site sent: a session cookie comes along with it, the header does not.
pub(super) fn same_site(config: &Config, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let foreign_origin = text("origin").is_some_and(|origin| origin != config.public_origin);
    let cross_site = text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let unmarked = !matches!(*method, Method::GET | Method::HEAD) && !headers.contains_key(PAGE_HEADER);
    if foreign_origin || cross_site || unmarked {
        let detail = format!("only pages of {} may ask this", config.public_origin);
        return Err(Problem::new(Code::OriginRefused, detail));
    }
    Ok(())
}

/// The employee behind the session cookie.
pub(super) async fn employee(app: &App, request: &Request) -> Result<Employee, Problem> {
    let config = app.config()?;
    same_site(&config, request.method(), request.headers())?;
    let ended = || Problem::new(Code::SessionEnded, "there is no session");
    let cookies = request.headers().get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let text = cookies
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
        .ok_or_else(ended)?;
    let session: Credential<Session> = Mint::new(&config.ring).check(text).ok_or_else(ended)?;
    let organisation = session.organisation;
    let call = UseSession { id: session.id, hash: hash_text(&session.hash), at: now() };
    let object = Objects::new(&app.env, &config.jurisdiction).organisation(organisation)?;
    let holder = object.call(&call).await?;
    Ok(Employee { env: app.env.clone(), config, organisation, session, holder })
}
