//! The app registration that an organisation's sign-ins and renewals use: the installation's, or its own.

use std::fmt;

use api::{
    Cloud, Code, CredentialType, OrganisationId, Problem, RegistrationOwner, RegistrationView, Timestamp,
};
use gateway::sealing::{KeyRing, Record};
use gateway::settings::{warn_days_left, warns_today};
use gateway::tokens::SealedText;
use microsoft::{
    Certificate, ClientSecret, Endpoints, Proof, assertion_to_sign, read_private_key, signed_assertion,
};
use serde::{Deserialize, Serialize};

use crate::host::{Line, Vault, log, now, random, sign_ps256};

/// An app registration, ready to prove itself.
#[derive(Clone)]
pub(crate) struct Registration {
    pub(crate) owner: RegistrationOwner,
    pub(crate) cloud: Cloud,
    pub(crate) endpoints: Endpoints,
    pub(crate) client_id: String,
    /// The tenant in URLs until the organisation is tied to one: `organizations`, or the registration's own.
    pub(crate) tenant: String,
    pub(crate) credential: Credential,
}

/// What an app proves itself with.
#[derive(Clone)]
pub(crate) enum Credential {
    Secret { value: ClientSecret, expires_at: Option<Timestamp> },
    Certificate { thumbprint: String, not_after: Timestamp, private_key: PrivateKey },
}

/// DER of PKCS #8.
#[derive(Clone)]
pub(crate) struct PrivateKey(pub(crate) Vec<u8>);

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey([redacted])")
    }
}

impl Credential {
    /// A certificate with its private key, both PEM.
    pub(crate) fn certificate(
        certificate: &str,
        private_key: &str,
    ) -> Result<Self, microsoft::CertificateError> {
        let Certificate { thumbprint, not_after, .. } = Certificate::read(certificate)?;
        Ok(Self::Certificate {
            thumbprint,
            not_after,
            private_key: PrivateKey(read_private_key(private_key)?),
        })
    }

    /// What an operator put into one secret: a client secret's value, or certificate and private key one after the other.
    pub(crate) fn read(
        text: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<Self, microsoft::CertificateError> {
        const KEY: &str = "-----BEGIN PRIVATE KEY-----";
        const END: &str = "-----END PRIVATE KEY-----";
        if !text.contains("-----BEGIN ") {
            return Ok(Self::Secret { value: ClientSecret::new(text.to_owned()), expires_at });
        }
        let (before, rest) = text.split_once(KEY).unwrap_or((text, ""));
        let (key, after) = rest.split_once(END).unwrap_or((rest, ""));
        let certificate = if before.trim().is_empty() { after } else { before };
        Self::certificate(certificate, &format!("{KEY}{key}{END}"))
    }

    const fn kind(&self) -> (CredentialType, Option<Timestamp>) {
        match self {
            Self::Secret { expires_at, .. } => (CredentialType::Secret, *expires_at),
            Self::Certificate { not_after, .. } => (CredentialType::Certificate, Some(*not_after)),
        }
    }
}

impl Registration {
    /// Makes the proof for one token request to that tenant.
    pub(crate) async fn proof(&self, tenant: &str) -> Result<Proof, Problem> {
        match &self.credential {
            Credential::Secret { value, .. } => Ok(Proof::Secret(value.clone())),
            Credential::Certificate { thumbprint, private_key, .. } => {
                let (now, endpoint) = (now(), self.endpoints.token(tenant));
                let id = api::RequestId::new(now, random()?).to_string();
                let to_sign = assertion_to_sign(&self.client_id, &endpoint, thumbprint, &id, now);
                let signature = sign_ps256(&private_key.0, to_sign.as_bytes()).await;
                let signature = signature.ok_or_else(|| {
                    Problem::new(Code::NotConfigured, "the app's private key does not sign: it must be RSA")
                })?;
                Ok(Proof::Assertion(signed_assertion(&to_sign, &signature)))
            }
        }
    }

    /// As people see it.
    pub(crate) fn view(&self) -> RegistrationView {
        let (credential, expires_at) = self.credential.kind();
        view(self.owner, &self.client_id, credential, expires_at)
    }
}

fn view(
    owner: RegistrationOwner,
    client_id: &str,
    credential: CredentialType,
    expires_at: Option<Timestamp>,
) -> RegistrationView {
    RegistrationView {
        owner,
        client_id: client_id.to_owned(),
        credential,
        expires_at,
        warn_days_left: expires_at.and_then(|at| warn_days_left(at, now())),
    }
}

/// An organisation's own registration at rest.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredRegistration {
    pub(crate) cloud: Cloud,
    pub(crate) client_id: String,
    pub(crate) tenant: Option<String>,
    /// Which one it is; the sealing is bound to it.
    pub(crate) number: String,
    pub(crate) credential: StoredCredential,
}

/// Its credential, sealed.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum StoredCredential {
    Secret { value: SealedText, expires_at: Timestamp },
    Certificate { thumbprint: String, not_after: Timestamp, private_key: SealedText },
}

impl StoredRegistration {
    pub(crate) fn sealed_as(organisation: OrganisationId, number: &str) -> Record {
        Record { kind: "registration", organisation, mailbox: None, number: number.to_owned() }
    }

    /// Opens it.
    pub(crate) async fn open(
        &self,
        ring: &KeyRing,
        installation: &Endpoints,
        organisation: OrganisationId,
    ) -> Result<Registration, Problem> {
        let (vault, record) = (Vault(ring), Self::sealed_as(organisation, &self.number));
        let credential = match &self.credential {
            StoredCredential::Secret { value, expires_at } => Credential::Secret {
                value: ClientSecret::new(vault.open_text(&record, value).await?),
                expires_at: Some(*expires_at),
            },
            StoredCredential::Certificate { thumbprint, not_after, private_key } => {
                let pem = vault.open_text(&record, private_key).await?;
                let der = read_private_key(&pem).map_err(|error| {
                    Problem::new(Code::Internal, "cannot decode private key").with_cause(error.to_string())
                })?;
                Credential::Certificate {
                    thumbprint: thumbprint.clone(),
                    not_after: *not_after,
                    private_key: PrivateKey(der),
                }
            }
        };
        Ok(Registration {
            owner: RegistrationOwner::Organisation,
            cloud: self.cloud,
            endpoints: installation.of(self.cloud),
            client_id: self.client_id.clone(),
            tenant: self.tenant.clone().unwrap_or_else(|| "organizations".to_owned()),
            credential,
        })
    }

    /// As people see it, without opening it.
    pub(crate) fn view(&self) -> RegistrationView {
        let (credential, expires_at) = match &self.credential {
            StoredCredential::Secret { expires_at, .. } => (CredentialType::Secret, *expires_at),
            StoredCredential::Certificate { not_after, .. } => (CredentialType::Certificate, *not_after),
        };
        view(RegistrationOwner::Organisation, &self.client_id, credential, Some(expires_at))
    }
}

/// A line in the log 30, 14 and 3 days before an app's secret or certificate ends, and every day after it has.
pub(crate) fn warn_of_end(registration: &RegistrationView, object: &str) {
    let Some(days) = registration.warn_days_left.filter(|days| warns_today(*days)) else { return };
    let detail = format!("the credential of app {} ends in {days} days", registration.client_id);
    let outcome = if days < 0 { "ended" } else { "ends" };
    log(&Line { event: "credential", outcome, object, detail: &detail, ..Line::default() });
}
