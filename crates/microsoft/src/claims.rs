use api::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::Endpoints;

/// Why an id_token does not prove who signed in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// It is no JWT with the claims of an Entra v2.0 id_token.
    #[error("Microsoft's answer holds no id_token that can be read")]
    Unreadable,
    /// It is about another app.
    #[error("the id_token was made for another app")]
    Audience,
    /// It was made by somebody else than the tenant it names.
    #[error("the id_token was made by another issuer")]
    Issuer,
    /// It is not valid now.
    #[error("the id_token is not valid at this time")]
    Time,
}

/// Who signed in, from an id_token.
///
/// `tenant_id` and `object_id` are the identity; everything else can change or be chosen by a user, and is for display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `tid`: the tenant (directory) id.
    pub tenant_id: String,
    /// `oid`: the user's id in that tenant.
    pub object_id: String,
    /// `name`, for display.
    pub name: Option<String>,
    /// `preferred_username`, for display.
    pub user_name: Option<String>,
    /// The nonce of the authorization URL.
    pub nonce: Option<String>,
}

impl Identity {
    /// Whether this is a personal Microsoft account, not one of an organisation.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        // The one tenant of all personal accounts (Microsoft: id-token-claims-reference, `tid`).
        self.tenant_id == "9188040d-6c67-4c5b-b112-36a304b66dad"
    }
}

/// Clocks of Microsoft and of the edge may differ by this much, in seconds.
const SKEW_SECONDS: i64 = 300;

#[derive(Deserialize)]
struct Claims {
    aud: String,
    iss: String,
    exp: i64,
    nbf: i64,
    tid: String,
    oid: String,
    name: Option<String>,
    preferred_username: Option<String>,
    nonce: Option<String>,
}

/// Reads the id_token of a token answer and checks audience, issuer and time.
///
/// Its signature is not checked: the token came from the token endpoint itself over TLS (OpenID Connect Core 1.0
/// section 3.1.3.7 number 6). The nonce is compared by whoever kept its hash.
pub fn read_id_token(
    id_token: &str,
    client_id: &str,
    endpoints: &Endpoints,
    now: Timestamp,
) -> Result<Identity, ClaimsError> {
    let payload = id_token.split('.').nth(1).ok_or(ClaimsError::Unreadable)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| ClaimsError::Unreadable)?;
    let claims: Claims = serde_json::from_slice(&payload).map_err(|_| ClaimsError::Unreadable)?;
    if claims.aud != client_id {
        return Err(ClaimsError::Audience);
    }
    if claims.iss != endpoints.issuer(&claims.tid) {
        return Err(ClaimsError::Issuer);
    }
    let now = now.seconds();
    if now < claims.nbf.saturating_sub(SKEW_SECONDS) || now >= claims.exp.saturating_add(SKEW_SECONDS) {
        return Err(ClaimsError::Time);
    }
    Ok(Identity {
        tenant_id: claims.tid,
        object_id: claims.oid,
        name: claims.name,
        user_name: claims.preferred_username,
        nonce: claims.nonce,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_459_200_000);

    fn read(change: impl Fn(&mut serde_json::Value)) -> Result<Identity, ClaimsError> {
        let mut claims = serde_json::json!({
            "aud": "app", "iss": "https://login.microsoftonline.com/t-1/v2.0", "tid": "t-1", "oid": "o-1",
            "nbf": NOW.seconds(), "exp": NOW.seconds() + 3600, "name": "Anna", "nonce": "n"
        });
        change(&mut claims);
        read_id_token(
            &format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string())),
            "app",
            &endpoints(),
            NOW,
        )
    }

    fn endpoints() -> Endpoints {
        Endpoints::new("https://login.microsoftonline.com", "https://graph.microsoft.com").unwrap()
    }

    #[test]
    fn tells_who_signed_in() {
        let identity = read(|_| {}).unwrap();
        assert_eq!((identity.tenant_id.as_str(), identity.object_id.as_str()), ("t-1", "o-1"));
        assert!(!identity.is_personal());
    }

    #[test]
    fn each_check_can_fail() {
        assert_eq!(read(|claims| claims["aud"] = "other".into()), Err(ClaimsError::Audience));
        assert_eq!(read(|claims| claims["tid"] = "t-2".into()), Err(ClaimsError::Issuer));
        assert_eq!(
            read(|claims| claims["iss"] = "https://login.example.com/t-1/v2.0".into()),
            Err(ClaimsError::Issuer)
        );
        assert_eq!(
            read(|claims| claims["exp"] = (NOW.seconds() - SKEW_SECONDS).into()),
            Err(ClaimsError::Time)
        );
        assert_eq!(
            read(|claims| claims["nbf"] = (NOW.seconds() + SKEW_SECONDS + 1).into()),
            Err(ClaimsError::Time)
        );
        assert_eq!(read(|claims| claims["oid"] = serde_json::Value::Null), Err(ClaimsError::Unreadable));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            prop_assert!(read_id_token(&text, "app", &endpoints(), NOW).is_err());
        }
    }
}
