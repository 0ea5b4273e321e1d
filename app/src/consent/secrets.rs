//! `state`, `nonce` and the PKCE pair of one consent attempt, and the URL that carries their public halves.

use api::{BeginConsent, BegunConsent, Challenge, Digest};
use oauth2::basic::BasicClient;
use oauth2::url::ParseError;
use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};

/// 32 random bytes: 43 characters, as long as a PKCE verifier.
const RANDOM_BYTES: u32 = 32;
/// Lets the person pick an account.
const SELECT_ACCOUNT: &str = "select_account";

/// Made before leaving; never sent anywhere but in [`api::FinishConsent`].
pub(crate) struct Secrets {
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
    challenge: PkceCodeChallenge,
}

impl Secrets {
    pub(crate) fn new() -> Self {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        Self {
            state: CsrfToken::new_random_len(RANDOM_BYTES).into_secret(),
            nonce: CsrfToken::new_random_len(RANDOM_BYTES).into_secret(),
            verifier: verifier.into_secret(),
            challenge,
        }
    }

    /// What the Worker learns beforehand.
    pub(crate) fn begin(&self, choose_account: bool) -> BeginConsent {
        BeginConsent {
            challenge: Challenge(self.challenge.as_str().to_owned()),
            state_hash: Digest(digest(&self.state)),
            nonce_hash: Digest(digest(&self.nonce)),
            choose_account,
        }
    }

    /// Where the browser goes.
    pub(crate) fn authorization_url(&self, begun: &BegunConsent) -> Result<String, ParseError> {
        let client = BasicClient::new(ClientId::new(begun.client_id.clone()))
            .set_auth_uri(AuthUrl::new(begun.authorization_endpoint.clone())?)
            .set_redirect_uri(RedirectUrl::new(begun.redirect_uri.clone())?);
        let state = self.state.clone();
        let mut request = client
            .authorize_url(move || CsrfToken::new(state))
            .add_scopes(begun.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(self.challenge.clone())
            .add_extra_param("nonce", &self.nonce)
            // A fragment is never sent to a server, so the code reaches no log.
            .add_extra_param("response_mode", "fragment");
        // Microsoft refuses a hint beside the account picker (AADSTS90005). Other prompts are not passed on: asking for
        // consent anew would block everybody who is no administrator, even after one has approved.
        if begun.prompt.as_deref() == Some(SELECT_ACCOUNT) {
            request = request.add_extra_param("prompt", SELECT_ACCOUNT);
        } else if let Some(hint) = &begun.login_hint {
            request = request.add_extra_param("login_hint", hint);
        }
        if let Some(claims) = &begun.claims {
            request = request.add_extra_param("claims", claims);
        }
        let (url, _) = request.url();
        Ok(url.into())
    }
}

/// base64url(SHA-256(text)) without padding, which is exactly what an S256 challenge is.
///
/// RFC 7636 wants 43 to 128 characters there, and so does the crate; ours are 43, and what comes back from elsewhere
/// is checked before.
pub(crate) fn digest(text: &str) -> String {
    let verifier = PkceCodeVerifier::new(text.to_owned());
    PkceCodeChallenge::from_code_verifier_sha256(&verifier).as_str().to_owned()
}

/// Whether a text is as long as the ones made here.
pub(crate) fn may_be_ours(text: &str) -> bool {
    (43..=128).contains(&text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_as_rfc_7636_appendix_b() {
        let digest = digest("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(digest, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    fn begun() -> BegunConsent {
        BegunConsent {
            attempt: "cons_01jd5z3q8k6w2y4v7t9s0r1p3n".parse().unwrap(),
            authorization_endpoint: "https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize"
                .into(),
            client_id: "11111111-1111-1111-1111-111111111111".into(),
            redirect_uri: "https://mail.example.com/oauth/callback".into(),
            scopes: vec!["openid".into(), "https://graph.microsoft.com/Mail.Send".into()],
            login_hint: Some("erp@contoso.com".into()),
            prompt: None,
            claims: None,
            expires_in_seconds: 600,
        }
    }

    #[test]
    fn the_url_carries_the_public_halves_only() {
        let secrets = Secrets::new();
        let url = secrets.authorization_url(&begun()).unwrap();
        assert!(may_be_ours(&secrets.state) && may_be_ours(&secrets.nonce));
        assert!(url.contains("response_type=code") && url.contains("code_challenge_method=S256"));
        assert!(url.contains(&secrets.begin(false).challenge.0) && url.contains(&secrets.state));
        assert!(url.contains("response_mode=fragment") && url.contains("login_hint=erp%40contoso.com"));
        assert!(url.contains("scope=openid+https%3A%2F%2Fgraph.microsoft.com%2FMail.Send"));
        assert!(!url.contains(&secrets.verifier) && !url.contains("prompt=") && !url.contains("claims="));
    }

    #[test]
    fn picking_an_account_goes_without_a_hint() {
        let begun = BegunConsent { prompt: Some("select_account".into()), ..begun() };
        let url = Secrets::new().authorization_url(&begun).unwrap();
        assert!(url.contains("prompt=select_account") && !url.contains("login_hint"));
    }

    #[test]
    fn consent_is_never_asked_anew_on_purpose() {
        let begun = BegunConsent { prompt: Some("consent".into()), ..begun() };
        let url = Secrets::new().authorization_url(&begun).unwrap();
        assert!(!url.contains("prompt=") && url.contains("login_hint=erp%40contoso.com"));
    }

    #[test]
    fn claims_travel_as_they_came() {
        let claims = r#"{"access_token":{"capolids":{"essential":true,"values":["a+b"]}}}"#;
        let begun = BegunConsent { claims: Some(claims.into()), ..begun() };
        let url = Secrets::new().authorization_url(&begun).unwrap();
        let url = oauth2::url::Url::parse(&url).unwrap();
        let found = url.query_pairs().find(|(name, _)| name == "claims").unwrap().1.into_owned();
        assert_eq!(found, claims);
    }
}
