//! The AADSTS errors the sandbox can give: one function each, so that a reader sees number, class and text together.
//!
//! Numbers and meanings: section 3. `error` and status of the token endpoint: section 1.5. Texts marked [U] are ours.

use std::borrow::Cow;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::{account::Account, directory::Tenant, random};

/// One refusal, before it is dressed for the token endpoint, a redirect or a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) error: Cow<'static, str>,
    pub(crate) suberror: Option<Cow<'static, str>>,
    pub(crate) number: u32,
    pub(crate) text: String,
    /// JSON as text, for the next `/authorize` (section 1.8).
    pub(crate) claims: Option<String>,
}

impl Refusal {
    fn new(error: &'static str, number: u32, text: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: error.into(),
            suberror: None,
            number,
            text: text.into(),
            claims: None,
        }
    }

    /// `AADSTS700016: ... Trace ID: ... Correlation ID: ... Timestamp: ...`
    fn description(&self, ids: &Ids) -> String {
        format!(
            "AADSTS{}: {} Trace ID: {} Correlation ID: {} Timestamp: {}",
            self.number, self.text, ids.trace, ids.correlation, ids.timestamp
        )
    }

    fn uri(&self, origin: &str) -> String {
        format!("{origin}/error?code={}", self.number)
    }

    /// The body of section 1.5.
    pub(crate) fn body(&self, now: DateTime<Utc>, origin: &str) -> Value {
        let ids = Ids::new(now);
        let mut body = json!({
            "error": self.error,
            "error_description": self.description(&ids),
            "error_codes": [self.number],
            "timestamp": ids.timestamp,
            "trace_id": ids.trace,
            "correlation_id": ids.correlation,
            "error_uri": self.uri(origin),
        });
        if let Some(fields) = body.as_object_mut() {
            fields.extend(self.suberror.as_deref().map(|suberror| ("suberror".to_owned(), suberror.into())));
            fields.extend(self.claims.as_deref().map(|claims| ("claims".to_owned(), claims.into())));
        }
        body
    }

    /// The token endpoint's answer.
    pub(crate) fn response(&self, now: DateTime<Utc>, origin: &str) -> Response {
        (self.status, Json(self.body(now, origin))).into_response()
    }

    /// The parameters of a redirect (section 1.4), without `state`.
    pub(crate) fn redirect_pairs(&self, now: DateTime<Utc>, origin: &str) -> Vec<(&'static str, String)> {
        vec![
            ("error", self.error.clone().into_owned()),
            ("error_description", self.description(&Ids::new(now))),
            ("error_uri", self.uri(origin)),
        ]
    }
}

struct Ids {
    trace: String,
    correlation: String,
    timestamp: String,
}

impl Ids {
    fn new(now: DateTime<Utc>) -> Self {
        Self {
            trace: random::guid(),
            correlation: random::guid(),
            timestamp: now.format("%Y-%m-%d %H:%M:%SZ").to_string(),
        }
    }
}

// Where both endpoints agree

pub(crate) fn tenant_not_found(tenant: &str) -> Refusal {
    Refusal::new(
        "invalid_request",
        90002,
        format!("Tenant '{tenant}' not found. Check the tenant id or domain."),
    )
}

pub(crate) fn application_not_found(client_id: &str) -> Refusal {
    let text = format!(
        "Application with identifier '{client_id}' was not found in the directory 'Bakkerij Jansen'."
    );
    Refusal::new("unauthorized_client", 700_016, text)
}

pub(crate) fn parameter_missing(name: &str) -> Refusal {
    let text = format!("The request body must contain the following parameter: '{name}'.");
    Refusal::new("invalid_request", 900_144, text)
}

pub(crate) fn scope_invalid(scope: &str) -> Refusal {
    let text = format!(
        "The provided value for the input parameter 'scope' is not valid. The scope '{scope}' is not valid."
    );
    Refusal::new("invalid_scope", 70011, text)
}

/// `suberror` as msal knows it (section 1.5).
pub(crate) fn not_consented(client_id: &str) -> Refusal {
    let text = format!(
        "The user or administrator has not consented to use the application with ID '{client_id}'. \
         Send an interactive authorization request for this user and resource."
    );
    Refusal { suberror: Some("consent_required".into()), ..Refusal::new("invalid_grant", 65001, text) }
}

pub(crate) fn application_disabled(client_id: &str) -> Refusal {
    Refusal::new("unauthorized_client", 7_000_112, format!("Application '{client_id}' is disabled."))
}

pub(crate) fn application_of_one_tenant(client_id: &str) -> Refusal {
    let text = format!(
        "Application '{client_id}' is not configured as a multi-tenant application. Usage of the /common or \
         /organizations endpoint is not supported for it. Use a tenant-specific endpoint."
    );
    Refusal::new("invalid_request", 50194, text)
}

// Authorize

pub(crate) fn consent_declined() -> Refusal {
    Refusal::new("access_denied", 65004, "User declined to consent to access the app.")
}

pub(crate) fn redirect_uri_unknown(uri: &str) -> Refusal {
    let text = format!(
        "The redirect URI '{uri}' specified in the request does not match the redirect URIs configured for the application."
    );
    Refusal::new("invalid_request", 50011, text)
}

pub(crate) fn redirect_uri_missing() -> Refusal {
    Refusal::new("invalid_request", 900_971, "No reply address provided.")
}

pub(crate) fn response_type_disabled() -> Refusal {
    let text = "response_type 'id_token' is not enabled for the application.";
    Refusal::new("unsupported_response_type", 700_054, text)
}

pub(crate) fn response_type_unsupported(given: &str) -> Refusal {
    let text = format!("The response_type '{given}' is not supported.");
    Refusal::new("unsupported_response_type", 70005, text)
}

pub(crate) fn response_mode_unsupported(given: &str) -> Refusal {
    Refusal::new("invalid_request", 70007, format!("'{given}' is not a supported value for response_mode."))
}

pub(crate) fn challenge_size() -> Refusal {
    Refusal::new("invalid_request", 50147, "Missing or invalid size of the code challenge parameter.")
}

pub(crate) fn challenge_method(given: &str) -> Refusal {
    Refusal::new("invalid_request", 501_491, format!("Invalid Code_Challenge_method '{given}'."))
}

pub(crate) fn hint_conflict() -> Refusal {
    let text = "Unable to complete the request. The 'login_hint' and 'prompt=select_account' can't be used together.";
    Refusal::new("invalid_request", 90005, text)
}

pub(crate) fn no_session() -> Refusal {
    let text = "A silent sign-in request was sent but no user is signed in.";
    Refusal::new("login_required", 50058, text)
}

/// `prompt=none` when the consent page would have to be shown.
pub(crate) fn silent_consent(client_id: &str) -> Refusal {
    Refusal { error: "consent_required".into(), suberror: None, ..not_consented(client_id) }
}

/// Who may not come in by this tenant's path. That a guest at `organizations` gets 50020 is ours [U].
pub(crate) fn not_admitted(tenant: &Tenant, account: &Account) -> Refusal {
    let name = &account.upn;
    if account.personal() && *tenant == Tenant::Organizations {
        let text =
            format!("The account type of '{name}' can't be used for the resource you are trying to access.");
        return Refusal::new("invalid_request", 500_207, text);
    }
    let text = format!(
        "User account '{name}' does not exist in this tenant and can't access the application in it."
    );
    Refusal::new("invalid_request", 50020, text)
}

/// What the catalogue says, named after the account it happens to: `prompt=none`, which shows no page.
pub(crate) fn silent_block(refusal: Refusal) -> Refusal {
    Refusal { error: "interaction_required".into(), suberror: None, ..refusal }
}

pub(crate) fn flow_expired() -> Refusal {
    Refusal::new("invalid_request", 50089, "The sign-in took too long. Start again from the application.")
}

// Token

fn invalid_client(number: u32, text: &str) -> Refusal {
    Refusal { status: StatusCode::UNAUTHORIZED, ..Refusal::new("invalid_client", number, text) }
}

pub(crate) fn secret_missing() -> Refusal {
    let text =
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
    invalid_client(7_000_218, text)
}

pub(crate) fn secret_wrong() -> Refusal {
    let text = "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, \
                not the client secret ID.";
    invalid_client(7_000_215, text)
}

pub(crate) fn secret_expired(client_id: &str) -> Refusal {
    let text = format!(
        "The provided client secret keys for app '{client_id}' are expired. Create new keys for your app."
    );
    invalid_client(7_000_222, &text)
}

/// Secret and assertion in one request. Only that it is refused is sure; number and text are ours [U].
pub(crate) fn two_proofs() -> Refusal {
    let text =
        "Invalid request. The request must hold either 'client_assertion' or 'client_secret', not both.";
    Refusal::new("invalid_request", 9_002_313, text)
}

/// Number and text are ours [U].
pub(crate) fn assertion_type_unknown() -> Refusal {
    Refusal::new("invalid_request", 90013, "Invalid input: 'client_assertion_type' is not supported.")
}

/// Signature, algorithm or thumbprint (section 3.1).
pub(crate) fn assertion_unsigned(why: &str) -> Refusal {
    invalid_client(700_027, &format!("Client assertion failed signature validation: {why}."))
}

/// The claims. The number is from memory [U].
pub(crate) fn assertion_invalid(why: &str) -> Refusal {
    invalid_client(50013, &format!("Client assertion is not valid: {why}."))
}

pub(crate) fn cross_origin() -> Refusal {
    let text =
        "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type.";
    Refusal::new("invalid_request", 9_002_326, text)
}

pub(crate) fn grant_type_unsupported(given: &str) -> Refusal {
    Refusal::new(
        "unsupported_grant_type",
        70003,
        format!("The app requested an unsupported grant type '{given}'."),
    )
}

/// Section 3.1; `invalid_grant` is from memory [U].
pub(crate) fn malformed_grant() -> Refusal {
    Refusal::new("invalid_grant", 9_002_313, "Invalid request. Request is malformed or invalid.")
}

pub(crate) fn refresh_token_invalid() -> Refusal {
    Refusal::new(
        "invalid_grant",
        70000,
        "The provided value for the input parameter 'refresh_token' is not valid.",
    )
}

pub(crate) fn code_redeemed() -> Refusal {
    Refusal::new(
        "invalid_grant",
        54005,
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code.",
    )
}

pub(crate) fn code_expired() -> Refusal {
    let text = "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive \
                authorization request for this user and resource.";
    Refusal::new("invalid_grant", 70008, text)
}

/// The text names the day of issue and the time without use (section 3.1); its wording is from memory [U].
pub(crate) fn refresh_token_expired(issued_at: DateTime<Utc>) -> Refusal {
    let text = format!(
        "The refresh token has expired due to inactivity. The token was issued on {} and was inactive for 90.00:00:00.",
        issued_at.format("%Y-%m-%dT%H:%M:%S%.6f0Z")
    );
    Refusal { suberror: Some("bad_token".into()), ..Refusal::new("invalid_grant", 700_082, text) }
}

pub(crate) fn account_gone(name: &str) -> Refusal {
    let text = format!("The user account {name} does not exist in the directory 'Bakkerij Jansen'.");
    Refusal::new("invalid_grant", 50034, text)
}

pub(crate) fn account_disabled() -> Refusal {
    Refusal::new("invalid_grant", 50057, "The user account is disabled.")
}

/// Section 1.10: after an administrator's reset or after sessions were revoked. The dates are from memory [U].
pub(crate) fn revoked(issued_at: DateTime<Utc>, valid_from: DateTime<Utc>) -> Refusal {
    let date = |date: DateTime<Utc>| date.format("%Y-%m-%dT%H:%M:%S%.6f0Z").to_string();
    let text = format!(
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have \
         changed or reset their password. The grant was issued on '{}' and the TokensValidFrom date (before which \
         tokens are not valid) for this user is '{}'.",
        date(issued_at),
        date(valid_from)
    );
    Refusal { suberror: Some("bad_token".into()), ..Refusal::new("invalid_grant", 50173, text) }
}

/// Number, `error` and text from memory [U]; RFC 6749 5.2 gives the class.
pub(crate) fn redirect_uri_differs() -> Refusal {
    let text =
        "The reply address does not match the reply address provided when requesting Authorization code.";
    Refusal::new("invalid_grant", 500_112, text)
}

pub(crate) fn verifier_wrong() -> Refusal {
    let text = "The Code_Verifier does not match the code_challenge supplied in the authorization request.";
    Refusal::new("invalid_grant", 501_481, text)
}

pub(crate) fn code_of_other_tenant() -> Refusal {
    Refusal::new(
        "invalid_grant",
        700_005,
        "The provided authorization code is intended to be used against another tenant.",
    )
}

/// A code or refresh token issued to another app. `suberror` is one msal knows (section 1.5); number and text are ours
/// [U].
pub(crate) fn client_mismatch() -> Refusal {
    let text = "The provided grant was issued to another application.";
    Refusal { suberror: Some("client_mismatch".into()), ..Refusal::new("invalid_grant", 70000, text) }
}

pub(crate) fn not_assigned(account: &Account, client_id: &str) -> Refusal {
    let text = format!(
        "The signed in user '{}' is not assigned to a role for the application '{client_id}'.",
        account.upn
    );
    Refusal::new("invalid_grant", 50105, text)
}

/// The number is section 3.1's; its `error` nobody could look up [U].
pub(crate) fn several_resources() -> Refusal {
    let text = "The provided value for the input parameter 'scope' is not valid because it contains more than one resource.";
    Refusal::new("invalid_request", 700_022, text)
}
