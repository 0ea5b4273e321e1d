use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use api::Code;
use oauth2::basic::{BasicRevocationErrorResponse, BasicTokenIntrospectionResponse};
use oauth2::{
    AccessToken, AsyncHttpClient, AuthType, AuthorizationCode, Client, ClientId, ClientSecret,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, StandardRevocableToken, TokenUrl,
};

use crate::entra_error::EntraError;
use crate::refusal::retry_after_ms;
use crate::token_answer::EntraTokens;
use crate::{Endpoints, Refusal, TransportError};

/// Carries requests to Microsoft out; the host's part of a conversation.
pub trait Http {
    /// Sends one request and brings its answer, whatever its status.
    ///
    /// Follows no redirect and adds no `Origin` header, or Entra takes us for a single-page app (AADSTS9002326).
    fn send(&self, request: HttpRequest) -> impl Future<Output = Result<HttpResponse, TransportError>>;
}

/// How an app of the platform *Web*, a confidential client, proves itself in one token request.
#[derive(Clone)]
pub enum Proof {
    /// With the secret's *value*.
    Secret(ClientSecret),
    /// With a signed assertion (RFC 7523 section 2.2), good for one request.
    Assertion(String),
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proof([redacted])")
    }
}

/// Where one token request goes, and as which app.
#[derive(Clone, Debug)]
pub struct TokenEndpoint<'a> {
    /// The cloud.
    pub endpoints: &'a Endpoints,
    /// A tenant id, or `organizations` where it is not known yet.
    pub tenant: &'a str,
    /// The app registration's application (client) id.
    pub client_id: &'a str,
    /// How that app proves itself.
    pub proof: Proof,
}

/// What came back from Microsoft's page, with what the browser kept.
#[derive(Debug)]
pub struct Redemption {
    /// The authorization code.
    pub code: AuthorizationCode,
    /// The verifier of the challenge in the authorization URL.
    pub verifier: PkceCodeVerifier,
    /// The redirect URI of the authorization URL, again.
    pub redirect_uri: String,
}

/// What the token endpoint gave.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// For the resource asked for.
    pub access: AccessToken,
    /// Its life in seconds; 60 to 90 minutes as a rule.
    pub expires_in_seconds: i64,
    /// The next refresh token; absent when `offline_access` was not granted.
    pub refresh: Option<RefreshToken>,
    /// Granted permissions; may name more than was asked.
    pub scopes: Vec<String>,
    /// Who signed in, as a JWT; comes with a redeemed code and mostly with a refresh.
    pub id_token: Option<String>,
}

impl TokenEndpoint<'_> {
    /// Redeems an authorization code with the app's proof **and** the verifier (RFC 6749 section 4.1.3, RFC 7636 section
    /// 4.5). `scopes` name one resource.
    pub async fn redeem(
        self,
        redemption: Redemption,
        scopes: &[String],
        http: &impl Http,
    ) -> Result<Tokens, Refusal> {
        let redirect_uri =
            RedirectUrl::new(redemption.redirect_uri).map_err(|_| misconfigured("redirect URI"))?;
        let client = self.client()?.set_redirect_uri(redirect_uri);
        let observed = Observed::new(http);
        let mut request = client
            .exchange_code(redemption.code)
            .set_pkce_verifier(redemption.verifier)
            .add_extra_param("scope", scopes.join(" "));
        for (name, value) in self.assertion() {
            request = request.add_extra_param(name, value);
        }
        let answer = request.request_async(&observed).await;
        observed.understand(answer)
    }

    /// Trades a refresh token for an access token of one resource and the next refresh token (RFC 6749 section 6).
    ///
    /// The old refresh token stays valid at Entra, so a lost answer loses nothing (Microsoft: refresh-tokens).
    pub async fn refresh(
        self,
        token: &RefreshToken,
        scopes: &[String],
        http: &impl Http,
    ) -> Result<Tokens, Refusal> {
        let client = self.client()?;
        let observed = Observed::new(http);
        let mut request =
            client.exchange_refresh_token(token).add_scopes(scopes.iter().cloned().map(Scope::new));
        for (name, value) in self.assertion() {
            request = request.add_extra_param(name, value);
        }
        let answer = request.request_async(&observed).await;
        observed.understand(answer)
    }

    fn client(&self) -> Result<EntraClient, Refusal> {
        let url = TokenUrl::new(self.endpoints.token(self.tenant)).map_err(|_| misconfigured("tenant"))?;
        let client = Client::new(ClientId::new(self.client_id.to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(url);
        Ok(match &self.proof {
            Proof::Secret(secret) => client.set_client_secret(secret.clone()),
            Proof::Assertion(_) => client,
        })
    }

    /// The parameters of an assertion (RFC 7523 section 2.2), which the oauth2 crate does not know.
    fn assertion(&self) -> Vec<(&'static str, String)> {
        match &self.proof {
            Proof::Secret(_) => Vec::new(),
            Proof::Assertion(assertion) => vec![
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned(),
                ),
                ("client_assertion", assertion.clone()),
            ],
        }
    }
}

fn misconfigured(what: &str) -> Refusal {
    Refusal::new(Code::NotConfigured, format!("the {what} does not make a URL"))
}

type EntraClient = Client<
    EntraError,
    EntraTokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// The host's HTTP, with an eye on what the oauth2 crate drops from a refusal: its status and `Retry-After`.
struct Observed<'h, H> {
    http: &'h H,
    status: Cell<u16>,
    retry_after_ms: Cell<Option<i64>>,
}

impl<'h, H: Http> Observed<'h, H> {
    fn new(http: &'h H) -> Self {
        Self { http, status: Cell::new(0), retry_after_ms: Cell::new(None) }
    }

    fn understand(
        &self,
        answer: Result<EntraTokens, RequestTokenError<TransportError, EntraError>>,
    ) -> Result<Tokens, Refusal> {
        let status = self.status.get();
        answer.map(EntraTokens::into_tokens).map_err(|error| match error {
            RequestTokenError::ServerResponse(error) => error.refusal(status, self.retry_after_ms.get()),
            RequestTokenError::Request(error) => Refusal::new(Code::MicrosoftUnavailable, error.to_string()),
            // `Parse` carries the body, which may hold tokens: it goes no further than here.
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => EntraError::default()
                .refusal(if status < 500 { 502 } else { status }, self.retry_after_ms.get()),
        })
    }
}

impl<'c, H: Http> AsyncHttpClient<'c> for Observed<'_, H> {
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, TransportError>> + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.http.send(request).await?;
            self.status.set(answer.status().as_u16());
            self.retry_after_ms.set(retry_after_ms(answer.headers()));
            Ok(answer)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use futures_util::FutureExt as _;

    use super::*;

    struct Canned {
        status: u16,
        body: &'static str,
        seen: RefCell<Vec<HttpRequest>>,
    }

    impl Http for Canned {
        async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
            self.seen.borrow_mut().push(request);
            let answer = http::Response::builder().status(self.status).header("retry-after", "2.5");
            Ok(answer.header("content-type", "application/json").body(self.body.into()).unwrap())
        }
    }

    fn canned(status: u16, body: &'static str) -> Canned {
        Canned { status, body, seen: RefCell::default() }
    }

    fn form(canned: &Canned) -> BTreeMap<String, String> {
        let seen = canned.seen.borrow();
        assert_eq!(seen.len(), 1);
        assert!(
            !seen[0].headers().contains_key("origin") && !seen[0].headers().contains_key("authorization")
        );
        assert_eq!(seen[0].uri(), "https://login.microsoftonline.com/organizations/oauth2/v2.0/token");
        form_urlencoded::parse(seen[0].body()).into_owned().collect()
    }

    fn with_endpoint<T>(run: impl FnOnce(TokenEndpoint<'_>) -> T) -> T {
        let endpoints =
            Endpoints::new("https://login.microsoftonline.com", "https://graph.microsoft.com").unwrap();
        let proof = Proof::Secret(ClientSecret::new("s&cret".into()));
        run(TokenEndpoint { endpoints: &endpoints, tenant: "organizations", client_id: "app", proof })
    }

    const ANSWER: &str = r#"{"token_type":"bearer","scope":"https://graph.microsoft.com/Mail.Send email",
        "expires_in":"3599","ext_expires_in":3599,"access_token":"at","refresh_token":"rt","id_token":"it"}"#;

    #[test]
    fn redeems_with_secret_and_verifier() {
        let http = canned(200, ANSWER);
        let tokens = with_endpoint(|endpoint| {
            let redemption = Redemption {
                code: AuthorizationCode::new("code".into()),
                verifier: PkceCodeVerifier::new("verifier".into()),
                redirect_uri: "https://mail.example.com/oauth/callback".into(),
            };
            endpoint.redeem(redemption, &["openid".into(), "Mail.Send".into()], &http).now_or_never().unwrap()
        })
        .unwrap();
        assert_eq!((tokens.access.secret().as_str(), tokens.expires_in_seconds), ("at", 3599));
        assert_eq!(tokens.scopes, ["https://graph.microsoft.com/Mail.Send", "email"]);
        let expected = [
            ("client_id", "app"),
            ("client_secret", "s&cret"),
            ("code", "code"),
            ("code_verifier", "verifier"),
            ("grant_type", "authorization_code"),
            ("redirect_uri", "https://mail.example.com/oauth/callback"),
            ("scope", "openid Mail.Send"),
        ];
        assert_eq!(form(&http), expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }

    #[test]
    fn a_certificate_stands_in_the_place_of_the_secret() {
        let http = canned(200, ANSWER);
        with_endpoint(|endpoint| {
            let endpoint = TokenEndpoint { proof: Proof::Assertion("a.b.c".into()), ..endpoint };
            endpoint.refresh(&RefreshToken::new("rt".into()), &[], &http).now_or_never().unwrap()
        })
        .unwrap();
        let form = form(&http);
        assert_eq!(form["client_assertion"], "a.b.c");
        assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        assert_eq!((form["client_id"].as_str(), form.get("client_secret")), ("app", None));
    }

    #[test]
    fn a_refusal_keeps_microsofts_words_status_and_patience() {
        let http = canned(
            400,
            r#"{"error":"invalid_grant","error_description":"AADSTS700082: expired.\r\nTrace ID: x",
                "error_codes":[700082],"correlation_id":"c-1"}"#,
        );
        let refusal = with_endpoint(|endpoint| {
            endpoint
                .refresh(&RefreshToken::new("rt".into()), &["Mail.Send".into()], &http)
                .now_or_never()
                .unwrap()
        })
        .unwrap_err();
        assert_eq!(form(&http)["grant_type"], "refresh_token");
        assert_eq!((refusal.code, refusal.retry_after_ms), (Code::SignInAgain, Some(2500)));
        let upstream = refusal.upstream.unwrap();
        assert_eq!((upstream.status, upstream.code.as_deref()), (400, Some("AADSTS700082")));
        assert_eq!(upstream.request_id.as_deref(), Some("c-1"));
        assert!(!upstream.message.unwrap().contains('\n'));
    }

    #[test]
    fn a_body_that_is_no_answer_is_a_fault_at_microsoft_and_is_not_repeated() {
        for body in ["<html>secret-in-body</html>", "", r#"{"access_token":"secret-in-body"}"#] {
            for status in [200, 404, 502] {
                let http = canned(status, body);
                let refusal = with_endpoint(|endpoint| {
                    endpoint.refresh(&RefreshToken::new("rt".into()), &[], &http).now_or_never().unwrap()
                })
                .unwrap_err();
                assert_eq!(refusal.code, Code::MicrosoftUnavailable);
                assert!(!format!("{refusal:?}").contains("secret-in-body"));
            }
        }
    }
}
