//! Authentication, as extractors: [`Erp`] by API key, [`Employee`] by session, [`Operator`] by secret. The MAC of a credential
//! is checked here, before any object or body is touched; whether it still holds, its organisation is asked afterwards.

use api::{ApprovalView, Code, Digest, Kind, MailboxId, MessageId, OrganisationId, Problem, Timestamp};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;
use gateway::sealing::purpose::{ApiKey, Session};
use gateway::sealing::{Credential, Mint, same_secret};
use microsoft::{Endpoints, Sending, admin_consent, asked_of_administrator, permission_name};
use worker::send::SendFuture;

use super::answer::Failed;
use super::{App, Installation};
use crate::config::Config;
use crate::host::now;
use crate::objects::Object;
use crate::objects::mailbox::Around;
use crate::objects::organisation::{KeyMailbox, KeyMailboxes, KeyUse, SessionHolder, UseKey, UseSession};
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

/// An ERP with a key of this installation. Whether the key still holds, and what for, is asked with each use.
pub(super) struct Erp {
    pub(super) installation: Installation,
    key: Credential<ApiKey>,
}

impl FromRequestParts<App> for Erp {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failed> {
        Ok(Self::read(&parts.headers, app)?)
    }
}

impl Erp {
    fn read(headers: &HeaderMap, app: &App) -> Result<Self, Problem> {
        let installation = app.installation()?;
        let key = Mint::new(&installation.config.ring).check(bearer(headers)?);
        let refused = || Problem::new(Code::CredentialsRefused, "this is not a key of this installation");
        Ok(Self { key: key.ok_or_else(refused)?, installation })
    }

    /// The organisation that the key was made for.
    pub(super) fn organisation(&self) -> OrganisationId {
        self.key.organisation
    }

    /// A mailbox of that organisation. What of it the key may see or use, is asked before.
    pub(super) fn mailbox(&self, id: MailboxId) -> Result<Object, Problem> {
        self.installation.mailbox(self.key.organisation, id)
    }

    /// The mailbox of a message that the key may see.
    pub(super) async fn mailbox_of(&self, id: MessageId) -> Result<Object, Problem> {
        self.use_key(KeyUse::See(id.mailbox())).await?;
        self.mailbox(id.mailbox())
    }

    /// The mailbox that mail from that address goes through.
    pub(super) async fn sends_from(&self, from: String) -> Result<MailboxId, Problem> {
        let mailbox = self.use_key(KeyUse::SendFrom(from)).await?;
        mailbox.ok_or_else(|| Problem::new(Code::NotFound, "there is no such mailbox"))
    }

    /// Asks whether the key may make links.
    pub(super) async fn may_link(&self) -> Result<(), Problem> {
        self.use_key(KeyUse::Link).await.map(drop)
    }

    /// The mailboxes that the key leads to.
    pub(super) async fn mailboxes(&self) -> Result<Vec<KeyMailbox>, Problem> {
        let call = KeyMailboxes { id: self.key.id, hash: hash_text(&self.key.hash) };
        self.installation.organisation(self.key.organisation)?.call(&call).await
    }

    async fn use_key(&self, wanted: KeyUse) -> Result<Option<MailboxId>, Problem> {
        let call = UseKey { id: self.key.id, hash: hash_text(&self.key.hash), wanted };
        self.installation.organisation(self.key.organisation)?.call(&call).await
    }
}

/// The operator of this installation.
pub(super) struct Operator {
    pub(super) installation: Installation,
}

impl FromRequestParts<App> for Operator {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failed> {
        Ok(Self::read(&parts.headers, app)?)
    }
}

impl Operator {
    fn read(headers: &HeaderMap, app: &App) -> Result<Self, Problem> {
        let installation = app.installation()?;
        if same_secret(bearer(headers)?.as_bytes(), installation.config.operator_secret.as_bytes()) {
            Ok(Self { installation })
        } else {
            Err(Problem::new(
                Code::CredentialsRefused,
                "this is not the operator secret of this installation",
            ))
        }
    }
}

/// A request that one of our own pages made, with a session or without.
pub(super) struct OwnPage {
    pub(super) installation: Installation,
}

impl FromRequestParts<App> for OwnPage {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failed> {
        Ok(Self::read(parts, app)?)
    }
}

impl OwnPage {
    fn read(parts: &Parts, app: &App) -> Result<Self, Problem> {
        let installation = app.installation()?;
        same_site(&installation.config, &parts.method, &parts.headers)?;
        Ok(Self { installation })
    }
}

/// An employee with a session that holds, and the way to what that session may reach.
pub(super) struct Employee {
    pub(super) installation: Installation,
    pub(super) organisation: OrganisationId,
    pub(super) session: Credential<Session>,
    pub(super) holder: SessionHolder,
}

impl FromRequestParts<App> for Employee {
    type Rejection = Failed;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failed> {
        let page = OwnPage::read(parts, app)?;
        Ok(Self::read(page, &parts.headers).await?)
    }
}

impl Employee {
    /// Boxed, since every route of the pages begins with it.
    fn read(page: OwnPage, headers: &HeaderMap) -> BoxFuture<'_, Result<Self, Problem>> {
        Box::pin(SendFuture::new(async move {
            let OwnPage { installation } = page;
            let session = session(headers, &installation.config)?;
            let organisation = session.organisation;
            let call = UseSession { id: session.id, hash: hash_text(&session.hash), at: now() };
            let holder = installation.organisation(organisation)?.call(&call).await?;
            Ok(Self { installation, organisation, session, holder })
        }))
    }

    /// The session's hash, which consent attempts are bound to.
    pub(super) fn session_digest(&self) -> Digest {
        Digest(hash_text(&self.session.hash))
    }

    /// A mailbox of this organisation, by its id in the path.
    pub(super) fn mailbox(&self, id: MailboxId) -> Result<Object, Problem> {
        self.installation.mailbox(self.organisation, id)
    }

    /// The organisation itself.
    pub(super) fn organisation(&self) -> Result<Object, Problem> {
        self.installation.organisation(self.organisation)
    }

    /// What the page shows beside what the mailbox knows.
    pub(super) fn around(&self) -> Result<Around, Problem> {
        let registration = self
            .holder
            .registration
            .as_ref()
            .map_or_else(|| self.installation.config.registration.view(), StoredRegistration::view);
        let endpoints = self.endpoints();
        let mut scopes = asked_of_administrator(&self.in_use(), &endpoints);
        scopes.extend(
            self.holder.asked.iter().filter(|scope| !scopes.contains(scope)).cloned().collect::<Vec<_>>(),
        );
        let tenant = self.holder.tenant.clone();
        let at = tenant.clone().unwrap_or_else(|| self.authority());
        let uri = self.installation.config.approved_uri();
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
        self.installation.config.registration.endpoints.of(own)
    }

    /// The tenant in URLs while the organisation is not tied to one.
    fn authority(&self) -> String {
        match &self.holder.registration {
            Some(own) => own.tenant.clone().unwrap_or_else(|| "organizations".to_owned()),
            None => self.installation.config.registration.tenant.clone(),
        }
    }
}

/// A hash as it is stored and compared.
pub(super) fn hash_text(hash: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(hash)
}

/// Refuses what a page of another site sent: a session cookie comes along with it, the header does not.
fn same_site(config: &Config, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
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

/// The session in the cookie, if this installation made it.
fn session(headers: &HeaderMap, config: &Config) -> Result<Credential<Session>, Problem> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let text = cookies
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='));
    text.and_then(|text| Mint::new(&config.ring).check(text))
        .ok_or_else(|| Problem::new(Code::SessionEnded, "there is no session"))
}
