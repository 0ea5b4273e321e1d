use api::{
    Code, FieldError, OrganisationId, Problem, Reason, RegistrationOwner, RegistrationView, SetCredential,
    SetRegistration as Wanted,
};
use gateway::tokens::SealedText;
use microsoft::{
    AuthorizationCode, Certificate, ClientSecret, Decision, PkceCodeVerifier, Redemption, TokenEndpoint,
    read_private_key,
};

use crate::config::Config;
use crate::host::{Fetch, Vault, is_signed_by, now, random, sign_ps256};
use crate::objects::organisation::{AskRegistration, SetRegistration};
use crate::registration::{Credential, PrivateKey, Registration, StoredCredential, StoredRegistration};
use crate::routes::answer::{Answer, Json};
use crate::routes::auth::Operator;
use crate::routes::body::SmallJson;
use crate::routes::path::Id;

/// `GET /operator/organisations/{organisation}/registration`: the app registration in use.
#[worker::send]
pub(super) async fn show(
    Operator { installation }: Operator,
    Id(id): Id<OrganisationId>,
) -> Answer<Json<RegistrationView>> {
    let own = installation.organisation(id)?.call(&AskRegistration {}).await?;
    Ok(Json(own.map_or_else(|| installation.config.registration.view(), |own| own.view())))
}

/// `PUT /operator/organisations/{organisation}/registration`: its own one, after Entra has taken it.
#[worker::send]
pub(super) async fn set(
    Operator { installation }: Operator,
    Id(id): Id<OrganisationId>,
    SmallJson(wanted): SmallJson<Wanted>,
) -> Answer<Json<RegistrationView>> {
    let config = &installation.config;
    let registration = read(config, &wanted).await?;
    try_out(config, &registration).await?;
    let stored = seal(config, id, &registration, wanted).await?;
    let view = stored.view();
    installation.organisation(id)?.call(&SetRegistration { registration: Some(stored) }).await?;
    Ok(Json(view))
}

/// `DELETE /operator/organisations/{organisation}/registration`: back to the installation's.
#[worker::send]
pub(super) async fn forget(
    Operator { installation }: Operator,
    Id(id): Id<OrganisationId>,
) -> Answer<Json<RegistrationView>> {
    installation.organisation(id)?.call(&SetRegistration { registration: None }).await?;
    Ok(Json(installation.config.registration.view()))
}

fn refused(pointer: &str, detail: impl Into<String>) -> Problem {
    let error = FieldError { pointer: pointer.to_owned(), detail: detail.into() };
    Problem::new(Code::FieldsRefused, "the registration was not saved").with_errors(vec![error])
}

/// Entra's ids are GUIDs; a tenant may also be one of its domains.
fn is_name(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
}

async fn read(config: &Config, wanted: &Wanted) -> Result<Registration, Problem> {
    if !is_name(&wanted.client_id) {
        return Err(refused("/client_id", "a client id looks like 11111111-2222-3333-4444-555555555555"));
    }
    if wanted.tenant.as_deref().is_some_and(|tenant| !is_name(tenant)) {
        return Err(refused("/tenant", "a tenant id looks like 11111111-2222-3333-4444-555555555555"));
    }
    let credential = match &wanted.credential {
        SetCredential::Secret { value, .. } if value.trim().is_empty() => {
            return Err(refused("/credential/value", "the secret's value is missing"));
        }
        SetCredential::Secret { value, expires_at } => Credential::Secret {
            value: ClientSecret::new(value.trim().to_owned()),
            expires_at: Some(*expires_at),
        },
        SetCredential::Certificate { certificate, private_key } => {
            let read = Certificate::read(certificate)
                .map_err(|error| refused("/credential/certificate", error.to_string()))?;
            let key = read_private_key(private_key)
                .map_err(|error| refused("/credential/private_key", error.to_string()))?;
            if !belong_together(&read, &key).await {
                return Err(refused("/credential/private_key", "it is not the certificate's private key"));
            }
            Credential::Certificate {
                thumbprint: read.thumbprint,
                not_after: read.not_after,
                private_key: PrivateKey(key),
            }
        }
    };
    Ok(Registration {
        owner: RegistrationOwner::Organisation,
        cloud: wanted.cloud,
        endpoints: config.registration.endpoints.of(wanted.cloud),
        client_id: wanted.client_id.clone(),
        tenant: wanted.tenant.clone().unwrap_or_else(|| "organizations".to_owned()),
        credential,
    })
}

async fn belong_together(certificate: &Certificate, private_key: &[u8]) -> bool {
    const PROBE: &[u8] = b"postbode";
    match sign_ps256(private_key, PROBE).await {
        Some(signature) => is_signed_by(&certificate.public_key, &signature, PROBE).await,
        None => false,
    }
}

/// Asks Entra with a code that can't be one: `invalid_grant` means that it knows the app and takes its credential, and
/// anything else says what is wrong, before any mailbox depends on it.
async fn try_out(config: &Config, registration: &Registration) -> Result<(), Problem> {
    let tenant = registration.tenant.as_str();
    let endpoint = TokenEndpoint {
        endpoints: &registration.endpoints,
        tenant,
        client_id: &registration.client_id,
        proof: registration.proof(tenant).await?,
    };
    let redemption = Redemption {
        code: AuthorizationCode::new("postbode-asks-whether-the-credential-is-good".to_owned()),
        verifier: PkceCodeVerifier::new("a".repeat(43)),
        redirect_uri: config.redirect_uri(),
    };
    let scopes = ["openid".to_owned()];
    let Err(refusal) = endpoint.redeem(redemption, &scopes, &Fetch::TOKENS).await else { return Ok(()) };
    match (refusal.decision(), refusal.reason()) {
        (Some(Decision::SignInAgain), _) => Ok(()),
        (Some(Decision::RenewCredential), Some(Reason::AppNotFound)) => {
            Err(refused("/client_id", refusal.detail))
        }
        (Some(Decision::RenewCredential), _) => Err(refused("/credential", refusal.detail)),
        (Some(Decision::Report), Some(Reason::TenantUnknown | Reason::SingleTenant | Reason::WrongCloud)) => {
            Err(refused("/tenant", refusal.detail))
        }
        _ => Err(refusal.problem()),
    }
}

async fn seal(
    config: &Config,
    organisation: OrganisationId,
    registration: &Registration,
    wanted: Wanted,
) -> Result<StoredRegistration, Problem> {
    let number = api::RequestId::new(now(), random()?).to_string();
    let record = StoredRegistration::sealed_as(organisation, &number);
    let vault = Vault(&config.ring);
    let seal = async |text: &str| -> Result<SealedText, Problem> { vault.seal_text(&record, text).await };
    let credential = match (&wanted.credential, &registration.credential) {
        (SetCredential::Secret { value, expires_at }, _) => {
            StoredCredential::Secret { value: seal(value.trim()).await?, expires_at: *expires_at }
        }
        (
            SetCredential::Certificate { private_key, .. },
            Credential::Certificate { thumbprint, not_after, .. },
        ) => StoredCredential::Certificate {
            thumbprint: thumbprint.clone(),
            not_after: *not_after,
            private_key: seal(private_key).await?,
        },
        (SetCredential::Certificate { .. }, Credential::Secret { .. }) => {
            return Err(Problem::new(Code::Internal, "a certificate became a secret"));
        }
    };
    Ok(StoredRegistration {
        cloud: wanted.cloud,
        client_id: wanted.client_id,
        tenant: wanted.tenant,
        number,
        credential,
    })
}
