//! From a code to an authentication: asks Entra for tokens and Graph whose they are, judges that, seals the tokens.
//! Nothing is stored here but the number that the sealing takes.

use std::rc::Rc;

use api::{Code, Problem, ProblemFields};
use gateway::sign_in::{ConsentAttempt, Redeemed, Redemption as Checked, SignedIn, attempt_ended, judge};
use gateway::tokens::Authentication;
use microsoft::{
    AuthorizationCode, Http as _, PkceCodeVerifier, Profile, Redemption, Resource, Tokens, me, read_id_token,
    read_me,
};

use super::send_as_check::prove_send_as;
use crate::host::{Fetch, now};
use crate::objects::mailbox::calls::FinishAttempt;
use crate::objects::mailbox::shell::Shell;
use crate::objects::mailbox::tokens::{access_record, seal, token_endpoint};
use crate::registration::Registration;

/// Redeems a code whose attempt has been checked.
pub(super) async fn redeem(
    shell: &Rc<Shell>,
    call: FinishAttempt,
    checked: Checked,
) -> Result<Redeemed, Problem> {
    let Checked { attempt, before, .. } = checked;
    let config = shell.config()?;
    let registration = shell.registration(&config).await?;
    if !attempt.client_id.is_empty() && attempt.client_id != registration.client_id {
        return Err(attempt_ended("the app registration was replaced while the sign-in was under way"));
    }
    let endpoints = &registration.endpoints;
    let resource = Resource::of(attempt.kind).ok_or_else(|| attempt_ended("this kind has no sign-in"))?;
    let redemption = Redemption {
        code: AuthorizationCode::new(call.finish.code),
        verifier: PkceCodeVerifier::new(call.finish.verifier),
        redirect_uri: config.redirect_uri(),
    };
    let scopes = resource.scopes(attempt.sending(), endpoints);
    let mut tokens = token_endpoint(&registration, &attempt.tenant)
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
    let profile = who(&registration, &attempt, resource, &mut tokens).await?;

    // Address and permissions are judged before anything is stored.
    let signed_in = SignedIn {
        identity: &identity,
        profile: &profile,
        tokens: &tokens,
        organisation_tenant: call.tenant.as_deref(),
        before: before.as_ref(),
    };
    let judged = judge(&attempt, signed_in, endpoints)?;
    if judged.to_prove && resource == Resource::Graph {
        prove_send_as(&registration, &attempt, &tokens.access, &judged.account.address).await?;
    }
    let mailbox = shell.step(gateway::mailbox::Mailbox::take_number)?;
    let refresh = tokens.refresh.as_ref().map(|token| token.secret().as_str()).unwrap_or_default();
    let authentication = Authentication {
        tenant_id: identity.tenant_id.clone(),
        object_id: identity.object_id.clone(),
        client_id: Some(registration.client_id.clone()),
        cloud: registration.cloud,
        account: judged.account,
        scopes: tokens.scopes.clone(),
        authenticated_at: issued_at,
        renewed_at: issued_at,
        number: mailbox.number,
        refresh: seal(&config, &mailbox, "refresh_token", refresh).await?,
        previous: None,
        access: vec![access_record(&config, &mailbox, resource, &tokens, issued_at).await?],
        trouble: None,
        pause: None,
    };
    Ok(Redeemed { authentication, confirm: judged.confirm, epoch: mailbox.epoch })
}

/// Asks Graph whose tokens these are; with a token for Exchange, one for Graph comes by refresh first.
async fn who(
    registration: &Registration,
    attempt: &ConsentAttempt,
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
            let ProblemFields { detail, params, .. } = problem.into_fields();
            let mut refused = Problem::new(Code::ConsentRefused, detail);
            refused.params = params;
            refused
        }
        _ => problem,
    }
}
