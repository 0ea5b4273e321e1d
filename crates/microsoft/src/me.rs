use http::Method;
use oauth2::AccessToken;
use serde::Deserialize;

use crate::graph::{JSON, request};
use crate::graph_error::{Asked, refusal};
use crate::{Endpoints, HttpRequest, HttpResponse, Refusal};

/// The account behind a token, from `GET /me` (Microsoft: user-get).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// The object id; equals the id_token's `oid`.
    pub id: String,
    /// The display name.
    pub display_name: Option<String>,
    /// The primary SMTP address.
    pub mail: Option<String>,
    /// The sign-in name, which often looks like an address and is not always one.
    pub user_principal_name: Option<String>,
    /// Every address of the mailbox, `smtp:…`, where the tenant lets us read them.
    #[serde(default)]
    proxy_addresses: Vec<String>,
}

impl Profile {
    /// Whether the account is a guest, whose mailbox is in another organisation. Entra writes a guest's sign-in name as
    /// `anna_example.nl#EXT#@tenant.onmicrosoft.com` (Microsoft: user-properties of B2B collaboration).
    #[must_use]
    pub fn is_guest(&self) -> bool {
        self.user_principal_name.as_deref().is_some_and(|name| name.contains("#EXT#"))
    }

    /// Every address this account is known by, the most telling first.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        let aliases = self.proxy_addresses.iter().filter_map(|proxy| {
            let (scheme, address) = proxy.split_once(':')?;
            scheme.eq_ignore_ascii_case("smtp").then_some(address)
        });
        self.mail.as_deref().into_iter().chain(self.user_principal_name.as_deref()).chain(aliases)
    }
}

/// Asks whose token this is. Needs `User.Read`.
pub fn me(
    endpoints: &Endpoints,
    token: &AccessToken,
    client_request_id: &str,
) -> Result<HttpRequest, Refusal> {
    let url = endpoints.graph("/me?$select=id,displayName,mail,userPrincipalName,proxyAddresses");
    request(Method::GET, url, token, client_request_id, JSON, Vec::new())
}

/// Reads the answer to [`me`].
pub fn read_me(answer: &HttpResponse) -> Result<Profile, Refusal> {
    if answer.status() != http::StatusCode::OK {
        return Err(refusal(Asked::Question, answer));
    }
    serde_json::from_slice(answer.body()).map_err(|_| unreadable())
}

/// A harmless request, by which a circuit breaker learns whether Graph answers again. Needs `User.Read`, which every Graph
/// token of ours has.
pub fn ping(
    endpoints: &Endpoints,
    token: &AccessToken,
    client_request_id: &str,
) -> Result<HttpRequest, Refusal> {
    request(Method::GET, endpoints.graph("/me?$select=id"), token, client_request_id, JSON, Vec::new())
}

/// Reads the answer to [`ping`]. Only Graph's own answer counts: a front door may say `200` to everything.
pub fn read_ping(answer: &HttpResponse) -> Result<(), Refusal> {
    #[derive(Deserialize)]
    struct User {
        #[serde(rename = "id")]
        _id: String,
    }
    if answer.status() != http::StatusCode::OK {
        return Err(refusal(Asked::Question, answer));
    }
    let user: Result<User, _> = serde_json::from_slice(answer.body());
    user.map(drop).map_err(|_| unreadable())
}

fn unreadable() -> Refusal {
    Refusal::new(api::Code::MicrosoftUnavailable, "Graph's answer about the account can't be read")
}

#[cfg(test)]
mod tests {
    use api::Code;

    use super::*;

    #[test]
    fn a_guest_is_known_by_the_sign_in_name() {
        let guest = |name: &str| {
            let body = serde_json::json!({"id": "o-1", "userPrincipalName": name}).to_string();
            read_me(&http::Response::new(body.into())).unwrap().is_guest()
        };
        assert!(guest("anna_elders.nl#EXT#@b.onmicrosoft.com"));
        assert!(!guest("anna@b.nl"));
    }

    #[test]
    fn knows_every_address_of_the_account() {
        let body = r#"{"id":"o-1","displayName":"F","mail":"f@b.nl","userPrincipalName":"f@b.onmicrosoft.com",
            "proxyAddresses":["SMTP:f@b.nl","smtp:verkoop@b.nl","SIP:f@b.nl"]}"#;
        let profile = read_me(&http::Response::new(body.into())).unwrap();
        let addresses: Vec<_> = profile.addresses().collect();
        assert_eq!(addresses, ["f@b.nl", "f@b.onmicrosoft.com", "f@b.nl", "verkoop@b.nl"]);
    }

    #[test]
    fn a_ping_asks_for_nothing_but_the_id() {
        let endpoints =
            Endpoints::new("https://login.microsoftonline.com", "https://graph.microsoft.com").unwrap();
        let request = ping(&endpoints, &AccessToken::new("at".into()), "id-1").unwrap();
        assert_eq!(request.method(), Method::GET);
        assert_eq!(request.uri(), "https://graph.microsoft.com/v1.0/me?$select=id");
        assert_eq!(request.headers()["authorization"], "Bearer at");
        assert_eq!(request.headers()["client-request-id"], "id-1");
        assert!(request.body().is_empty());
    }

    #[test]
    fn a_ping_succeeds_by_graphs_own_answer_only() {
        let read = |status: u16, body: &str| {
            let answer = http::Response::builder().status(status).body(body.into()).unwrap();
            read_ping(&answer).map_err(|refusal| refusal.code)
        };
        let user =
            r#"{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users(id)/$entity","id":"o-1"}"#;
        assert_eq!(read(200, user), Ok(()));
        let error = |code: &str| serde_json::json!({"error": {"code": code, "message": "m"}}).to_string();
        for (status, body, code) in [
            (200, "<html>Sign in to the network</html>".to_owned(), Code::MicrosoftUnavailable),
            (200, "{}".to_owned(), Code::MicrosoftUnavailable),
            (302, String::new(), Code::MicrosoftUnavailable),
            (401, error("InvalidAuthenticationToken"), Code::SignInAgain),
            (403, error("Authorization_RequestDenied"), Code::PermissionMissing),
            (429, error("TooManyRequests"), Code::Throttled),
            (500, error("InternalServerError"), Code::MicrosoftUnavailable),
            (502, "<html>Bad Gateway</html>".to_owned(), Code::MicrosoftUnavailable),
            (503, error("ServiceUnavailable"), Code::MicrosoftUnavailable),
            (504, String::new(), Code::MicrosoftUnavailable),
        ] {
            assert_eq!(read(status, &body), Err(code), "{status} {body}");
        }
    }
}
