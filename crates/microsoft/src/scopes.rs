use api::Kind;
use serde::{Deserialize, Serialize};

use crate::Endpoints;

/// What one access token is for; a token request names one of these (Microsoft: v2-oauth2-auth-code-flow, `scope`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Microsoft Graph.
    Graph,
    /// Exchange Online over SMTP.
    Exchange,
}

/// The OIDC scopes: an id_token with `oid`, `name` and `email`, and a refresh token.
const OPENID: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The permissions to send that the kind's resource must give, as full names.
#[must_use]
pub fn needed(kind: Kind, endpoints: &Endpoints) -> Vec<String> {
    match kind {
        Kind::GraphOAuth2 => vec![format!("{}/Mail.Send", endpoints.graph_resource())],
        Kind::SmtpOAuth2 => vec!["https://outlook.office.com/SMTP.Send".to_owned()],
        Kind::SmtpBasic => Vec::new(),
    }
}

impl Resource {
    /// The resource that a kind sends through; none for basic SMTP.
    #[must_use]
    pub const fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::GraphOAuth2 => Some(Self::Graph),
            Kind::SmtpOAuth2 => Some(Self::Exchange),
            Kind::SmtpBasic => None,
        }
    }

    /// What to name in `scope` of a token request for this resource, when sending as `kind`.
    #[must_use]
    pub fn scopes(self, kind: Kind, endpoints: &Endpoints) -> Vec<String> {
        let user_read = format!("{}/User.Read", endpoints.graph_resource());
        let permissions = match (self, kind) {
            (Self::Graph, Kind::GraphOAuth2) => [needed(kind, endpoints), vec![user_read]].concat(),
            (Self::Graph, _) => vec![user_read],
            (Self::Exchange, _) => needed(Kind::SmtpOAuth2, endpoints),
        };
        OPENID.iter().map(ToString::to_string).chain(permissions).collect()
    }
}

/// What to ask a person to consent to: several resources at once, which the authorization endpoint allows.
#[must_use]
pub fn asked_at_consent(kind: Kind, endpoints: &Endpoints) -> Vec<String> {
    let user_read = format!("{}/User.Read", endpoints.graph_resource());
    OPENID.iter().map(ToString::to_string).chain([user_read]).chain(needed(kind, endpoints)).collect()
}

/// The needed permissions that an answer did not give. Entra writes Graph's with or without the resource.
#[must_use]
pub fn missing(kind: Kind, given: &[String], endpoints: &Endpoints) -> Vec<String> {
    let has = |scope: &str| {
        given.iter().any(|one| permission_name(one).eq_ignore_ascii_case(permission_name(scope)))
    };
    needed(kind, endpoints).into_iter().filter(|scope| !has(scope)).collect()
}

/// `Mail.Send` of `https://graph.microsoft.com/Mail.Send`.
#[must_use]
pub fn permission_name(scope: &str) -> &str {
    scope.rsplit_once('/').map_or(scope, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints() -> Endpoints {
        Endpoints::new("https://login.microsoftonline.com", "https://graph.microsoft.com").unwrap()
    }

    #[test]
    fn graph_asks_for_the_least() {
        assert_eq!(
            asked_at_consent(Kind::GraphOAuth2, &endpoints()).join(" "),
            "openid profile email offline_access https://graph.microsoft.com/User.Read https://graph.microsoft.com/Mail.Send"
        );
    }

    #[test]
    fn a_token_request_names_one_resource() {
        for kind in [Kind::GraphOAuth2, Kind::SmtpOAuth2] {
            for resource in [Resource::Graph, Resource::Exchange] {
                let named: std::collections::BTreeSet<_> = resource
                    .scopes(kind, &endpoints())
                    .into_iter()
                    .filter_map(|scope| scope.rsplit_once('/').map(|(resource, _)| resource.to_owned()))
                    .collect();
                assert_eq!(named.len(), 1, "{kind:?} {resource:?}");
            }
        }
    }

    #[test]
    fn permissions_count_with_or_without_their_resource() {
        let given = |scope: &str| vec!["User.Read".to_owned(), scope.to_owned()];
        assert!(missing(Kind::GraphOAuth2, &given("Mail.Send"), &endpoints()).is_empty());
        assert!(
            missing(Kind::GraphOAuth2, &given("https://graph.microsoft.com/Mail.Send"), &endpoints())
                .is_empty()
        );
        assert_eq!(missing(Kind::GraphOAuth2, &given("Mail.Send.Shared"), &endpoints()).len(), 1);
    }
}
