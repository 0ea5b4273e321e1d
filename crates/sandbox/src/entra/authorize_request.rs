//! Reading and checking the query of `/authorize` (section 1.2).
//!
//! What is wrong before the redirect URI is known to be the app's own stays on the page; everything after it goes back
//! to the app (section 1.4).

use axum::response::Response;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    apps::{App, Apps},
    directory::{Directory, Tenant},
    entra::{
        errors::{self, Refusal},
        pages, which_app,
    },
    refused::not_implemented,
    scopes::{self, Scope, Unreadable},
    state::Sandbox,
};

/// The parameters as they arrive. Unknown ones (MSAL sends some) are ignored, as Entra does.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Query {
    client_id: Option<String>,
    response_type: Option<String>,
    redirect_uri: Option<String>,
    response_mode: Option<String>,
    scope: Option<String>,
    state: Option<String>,
    nonce: Option<String>,
    prompt: Option<String>,
    login_hint: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    claims: Option<String>,
    client_info: Option<String>,
}

/// Where the parameters of the answer go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseMode {
    Query,
    Fragment,
}

/// Where and how to answer: all that is needed to send an error back.
#[derive(Debug, Clone)]
pub(crate) struct ReturnTo {
    pub(crate) redirect_uri: String,
    pub(crate) mode: ResponseMode,
    pub(crate) state: Option<String>,
}

/// `prompt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prompt {
    Unsaid,
    Login,
    Silent,
    Consent,
    SelectAccount,
}

/// PKCE's challenge (RFC 7636).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    Plain(String),
    S256(String),
}

impl Challenge {
    pub(crate) fn matches(&self, verifier: &str) -> bool {
        match self {
            Self::Plain(challenge) => challenge == verifier,
            Self::S256(challenge) => *challenge == URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)),
        }
    }
}

/// A request that passed.
#[derive(Debug, Clone)]
pub(crate) struct AuthorizeRequest {
    pub(crate) client_id: String,
    /// Not a sign-in but the admin consent endpoint (section 2.1).
    pub(crate) admin_consent: bool,
    /// `{tenant}` as the caller wrote it, for the pages' own forms.
    pub(crate) segment: String,
    pub(crate) tenant: Tenant,
    pub(crate) return_to: ReturnTo,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) nonce: Option<String>,
    pub(crate) prompt: Prompt,
    pub(crate) login_hint: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) client_info: bool,
}

/// Why there will be no sign-in page.
#[derive(Debug)]
pub(crate) enum Stop {
    OnPage(Refusal),
    Back(ReturnTo, Refusal),
    NotImplemented(String),
}

impl Stop {
    pub(crate) fn answer(&self, sandbox: &Sandbox, origin: &str) -> Response {
        match self {
            Self::OnPage(refusal) => pages::refused(refusal, sandbox),
            Self::Back(return_to, refusal) => {
                return_to.redirect(&refusal.redirect_pairs(sandbox.clock.now(), origin))
            }
            Self::NotImplemented(what) => not_implemented(what),
        }
    }
}

impl Query {
    pub(crate) fn check(
        self,
        segment: String,
        apps: &Apps,
        directory: &Directory,
    ) -> Result<AuthorizeRequest, Stop> {
        let Some(tenant) = directory.tenant(&segment) else {
            return Err(Stop::OnPage(errors::tenant_not_found(&segment)));
        };
        let app = which_app::find(apps, self.client_id.as_deref(), &tenant).map_err(Stop::OnPage)?;
        let return_to = self.return_to(&app)?;
        let back = |refusal| Stop::Back(return_to.clone(), refusal);

        match self.response_type.as_deref() {
            None => return Err(back(errors::parameter_missing("response_type"))),
            Some("code") => {}
            Some(other) if other.split(' ').any(|word| word == "id_token") => {
                return Err(back(errors::response_type_disabled()));
            }
            Some(other) => return Err(back(errors::response_type_unsupported(other))),
        }
        let prompt = self.prompt().map_err(Stop::NotImplemented)?;
        // The documents forbid it, one shipping product does it (section 1.2): the strict reading finds more mistakes.
        if prompt == Prompt::SelectAccount && self.login_hint.is_some() {
            return Err(back(errors::hint_conflict()));
        }
        if self.claims.as_deref().is_some_and(|claims| claims.contains("xms_cc")) {
            return Err(Stop::NotImplemented("claims with the capability xms_cc (section 1.8)".to_owned()));
        }
        let challenge = self.challenge().map_err(back)?;
        let scopes = read_scopes(self.scope.as_deref(), &return_to)?;
        Ok(AuthorizeRequest {
            client_id: app.client_id.clone(),
            admin_consent: false,
            segment,
            tenant,
            return_to,
            scopes,
            nonce: self.nonce,
            prompt,
            login_hint: self.login_hint.filter(|hint| !hint.is_empty()),
            challenge,
            client_info: self.client_info.as_deref() == Some("1"),
        })
    }

    fn return_to(&self, app: &App) -> Result<ReturnTo, Stop> {
        let Some(redirect_uri) = self.redirect_uri.clone() else {
            return Err(Stop::OnPage(errors::redirect_uri_missing()));
        };
        if !app.redirect_uris.contains(&redirect_uri) {
            return Err(Stop::OnPage(errors::redirect_uri_unknown(&redirect_uri)));
        }
        let return_to =
            |mode| ReturnTo { redirect_uri: redirect_uri.clone(), mode, state: self.state.clone() };
        match self.response_mode.as_deref() {
            None | Some("query") => Ok(return_to(ResponseMode::Query)),
            Some("fragment") => Ok(return_to(ResponseMode::Fragment)),
            Some("form_post") => Err(Stop::NotImplemented("response_mode=form_post".to_owned())),
            Some(other) => {
                Err(Stop::Back(return_to(ResponseMode::Query), errors::response_mode_unsupported(other)))
            }
        }
    }

    fn prompt(&self) -> Result<Prompt, String> {
        match self.prompt.as_deref() {
            None | Some("") => Ok(Prompt::Unsaid),
            Some("login") => Ok(Prompt::Login),
            Some("none") => Ok(Prompt::Silent),
            Some("consent") => Ok(Prompt::Consent),
            Some("select_account") => Ok(Prompt::SelectAccount),
            Some(other) => Err(format!("prompt={other}")),
        }
    }

    /// Without a method the challenge is plain (section 1.2); 43 to 128 characters (RFC 7636 4.2).
    fn challenge(&self) -> Result<Option<Challenge>, Refusal> {
        let Some(challenge) = self.code_challenge.clone() else {
            let method_alone = self.code_challenge_method.is_some();
            return if method_alone { Err(errors::challenge_size()) } else { Ok(None) };
        };
        if !(43..=128).contains(&challenge.len()) {
            return Err(errors::challenge_size());
        }
        match self.code_challenge_method.as_deref() {
            None | Some("plain") => Ok(Some(Challenge::Plain(challenge))),
            Some("S256") => Ok(Some(Challenge::S256(challenge))),
            Some(other) => Err(errors::challenge_method(other)),
        }
    }
}

/// What both the sign-in and the admin consent endpoint ask of `scope`.
pub(crate) fn read_scopes(list: Option<&str>, return_to: &ReturnTo) -> Result<Vec<Scope>, Stop> {
    let back = |refusal| Stop::Back(return_to.clone(), refusal);
    match scopes::read(list.unwrap_or_default()) {
        Ok(scopes) if scopes.is_empty() => Err(back(errors::parameter_missing("scope"))),
        Ok(scopes) => Ok(scopes),
        Err(Unreadable::Unknown(word)) => Err(back(errors::scope_invalid(&word))),
        Err(Unreadable::DefaultMixed) => Err(back(errors::scope_invalid(".default"))),
        Err(Unreadable::Default) => Err(Stop::NotImplemented("the scope .default".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s256_is_rfc_7636_appendix_b() {
        let challenge = Challenge::S256("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned());
        assert!(challenge.matches("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!challenge.matches("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
    }
}
