//! From a code to an authentication: asks Entra for tokens and Graph whose they are, judges that, seals the tokens.
//! Nothing is stored here but the number that the sealing takes.

use api::{Code, Problem, Timestamp};
use gateway::{Attempt, Authentication, MailboxRecord, SignedIn, judge};
use microsoft::{
    AuthorizationCode, Http as _, Identity, PkceCodeVerifier, Profile, Redemption, Resource, TokenEndpoint,
    Tokens, me, read_id_token, read_me,
};

use super::prove::prove;
use crate::config::Config;
use crate::host::{Fetch, now};
use crate::objects::mailbox::Inner;
use crate::objects::mailbox::calls::FinishAttempt;
use crate::registration::Registration;

/// A redeemed code, judged and sealed.
pub(super) struct Redeemed {
    pub(super) authentication: Authentication,
    /// What a person must agree to first.
    pub(super) confirm: Vec<api::ConfirmReason>,
    /// The mailbox's epoch when its tokens were sealed.
    pub(super) epoch: u64,
}

impl Inner {
    /// Redeems a code whose attempt has been checked.
    pub(super) async fn redeem(
        &self,
        config: &Config,
        registration: &Registration,
        attempt: &Attempt,
        call: FinishAttempt,
        _checked: gateway::CheckedReturn,
    ) -> Result<Redeemed, Problem> {
        if !attempt.client_id.is_empty() && attempt.client_id != registration.client_id {
            return Err(ended("the app registration was replaced while the sign-in was under way"));
        }
        let endpoints = &registration.endpoints;
        let resource = Resource::of(attempt.kind).ok_or_else(|| ended("this kind has no sign-in"))?;
        let redemption = Redemption {
            code: AuthorizationCode::new(call.finish.code),
            verifier: PkceCodeVerifier::new(call.finish.verifier),
            redirect_uri: config.redirect_uri(),
        };
        let scopes = resource.scopes(attempt.sending(), endpoints);
        let mut tokens = token_endpoint(registration, &attempt.tenant)
            .await?
            .redeem(redemption, &scopes, &Fetch::TOKENS)
            .await
            .map_err(|refusal| at_consent(refusal.problem()))?;
        let issued_at = now();
        let id_token = tokens.id_token.take().unwrap_or_default();
        let identity =
            read_id_token(&id_token, &registration.client_id, endpoints, issued_at).map_err(|error| {
                Problem::new(Code::ConsentMismatch, error.to_string()).with_param("what", &"id_token")
            })?;
        let profile = who(registration, attempt, resource, &mut tokens).await?;

        // The address and permissions are judged before anything is stored.
        let before = self.store.authentication()?;
        let signed_in = SignedIn {
            identity: &identity,
            profile: &profile,
            tokens: &tokens,
            organisation_tenant: call.tenant.as_deref(),
            before: before.as_ref(),
        };
        let judged = judge(attempt, signed_in, endpoints)?;
        if judged.to_prove && resource == Resource::Graph {
            prove(registration, attempt, &tokens.access, &judged.account.address).await?;
        }
        let mut mailbox = self.store.mailbox()?;
        mailbox.number += 1;
        self.store.set_mailbox(&mailbox)?;
        let authentication = self
            .seal(config, registration, &mailbox, resource, &tokens, &identity, judged.account, issued_at)
            .await?;
        Ok(Redeemed { authentication, confirm: judged.confirm, epoch: mailbox.epoch })
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one record")]
    async fn seal(
        &self,
        config: &Config,
        registration: &Registration,
        mailbox: &MailboxRecord,
        resource: Resource,
        tokens: &Tokens,
        identity: &Identity,
        account: api::Account,
        issued_at: Timestamp,
    ) -> Result<Authentication, Problem> {
        let to_problem = |refusal: microsoft::Refusal| refusal.problem();
        let refresh = tokens.refresh.as_ref().map(|token| token.secret().as_str()).unwrap_or_default();
        Ok(Authentication {
            tenant_id: identity.tenant_id.clone(),
            object_id: identity.object_id.clone(),
            client_id: Some(registration.client_id.clone()),
            cloud: registration.cloud,
            account,
            scopes: tokens.scopes.clone(),
            authenticated_at: issued_at,
            renewed_at: issued_at,
            number: mailbox.number,
            refresh: self.seal_token(config, mailbox, "refresh_token", refresh).await.map_err(to_problem)?,
            previous: None,
            access: vec![
                self.access_record(config, mailbox, resource, tokens, issued_at).await.map_err(to_problem)?,
            ],
            trouble: None,
            pause: None,
        })
    }
}

/// Where a token request of that registration goes, with a proof for it.
pub(super) async fn token_endpoint<'r>(
    registration: &'r Registration,
    tenant: &'r str,
) -> Result<TokenEndpoint<'r>, Problem> {
    Ok(TokenEndpoint {
        endpoints: &registration.endpoints,
        tenant,
        client_id: &registration.client_id,
        proof: registration.proof(tenant).await?,
    })
}

/// Asks Graph whose tokens these are; with a token for Exchange, one for Graph comes by refresh first.
async fn who(
    registration: &Registration,
    attempt: &Attempt,
    resource: Resource,
    tokens: &mut Tokens,
) -> Result<Profile, Problem> {
    let to_problem = |refusal: microsoft::Refusal| at_consent(refusal.problem());
    let endpoints = &registration.endpoints;
    let access = match (resource, &tokens.refresh) {
        (Resource::Exchange, Some(refresh)) => {
            let scopes = Resource::Graph.scopes(attempt.sending(), endpoints);
            let endpoint = token_endpoint(registration, &attempt.tenant).await?;
            let graph = endpoint.refresh(refresh, &scopes, &Fetch::TOKENS).await.map_err(to_problem)?;
            tokens.refresh = graph.refresh.or(tokens.refresh.take());
            graph.access
        }
        _ => tokens.access.clone(),
    };
    let request = me(endpoints, &access, &attempt.id.to_string()).map_err(to_problem)?;
    let unreachable = |error: microsoft::TransportError| {
        Problem::new(Code::MicrosoftUnavailable, format!("Microsoft Graph: {error}"))
    };
    read_me(&Fetch::GRAPH.send(request).await.map_err(unreachable)?).map_err(to_problem)
}

/// While somebody signs in, "sign in again" would be odd advice: it is this sign-in that Microsoft refused.
fn at_consent(problem: Problem) -> Problem {
    match problem.code {
        Code::SignInAgain => {
            let params = problem.params;
            Problem { params, ..Problem::new(Code::ConsentRefused, problem.detail) }
        }
        _ => problem,
    }
}

pub(in crate::objects::mailbox) fn ended(detail: &str) -> Problem {
    Problem::new(Code::ConsentAttemptEnded, detail)
}
