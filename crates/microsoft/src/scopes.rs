use api::{Kind, MailboxSettings};
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

/// What decides which permissions sending needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sending {
    /// How.
    pub kind: Kind,
    /// Whether somebody else than the mailbox itself signs in.
    pub shared: bool,
}

impl From<&MailboxSettings> for Sending {
    fn from(settings: &MailboxSettings) -> Self {
        Self { kind: settings.kind, shared: settings.shared }
    }
}

/// The permissions to send that its resource must give, as full names.
#[must_use]
pub fn needed(sending: Sending, endpoints: &Endpoints) -> Vec<String> {
    let graph = |name: &str| format!("{}/{name}", endpoints.graph_resource());
    match sending.kind {
        Kind::GraphOAuth2 if sending.shared => vec![graph("Mail.Send"), graph("Mail.Send.Shared")],
        Kind::GraphOAuth2 => vec![graph("Mail.Send")],
        // With Exchange's SMTP, Send As alone decides who may be the sender.
        Kind::SmtpOAuth2 => vec![format!("{}/SMTP.Send", endpoints.exchange_resource())],
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

    /// What to name in `scope` of a token request for this resource, when sending so.
    #[must_use]
    pub fn scopes(self, sending: Sending, endpoints: &Endpoints) -> Vec<String> {
        let user_read = format!("{}/User.Read", endpoints.graph_resource());
        let permissions = match (self, sending.kind) {
            (Self::Graph, Kind::GraphOAuth2) => [needed(sending, endpoints), vec![user_read]].concat(),
            (Self::Graph, _) => vec![user_read],
            (Self::Exchange, _) => needed(Sending { kind: Kind::SmtpOAuth2, ..sending }, endpoints),
        };
        OPENID.iter().map(ToString::to_string).chain(permissions).collect()
    }
}

/// What to ask a person to consent to: several resources at once, which the authorization endpoint allows.
#[must_use]
pub fn asked_at_consent(sending: Sending, endpoints: &Endpoints) -> Vec<String> {
    let user_read = format!("{}/User.Read", endpoints.graph_resource());
    OPENID.iter().map(ToString::to_string).chain([user_read]).chain(needed(sending, endpoints)).collect()
}

/// What to ask an administrator to approve: everything that anybody in the tenant uses, in the order of first use.
#[must_use]
pub fn asked_of_administrator(in_use: &[Sending], endpoints: &Endpoints) -> Vec<String> {
    let mut scopes: Vec<String> = Vec::new();
    for scope in in_use.iter().flat_map(|sending| asked_at_consent(*sending, endpoints)) {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    scopes
}

/// The needed permissions that an answer did not give. Entra writes Graph's with or without the resource.
#[must_use]
pub fn missing(sending: Sending, given: &[String], endpoints: &Endpoints) -> Vec<String> {
    let has = |scope: &str| {
        given.iter().any(|one| permission_name(one).eq_ignore_ascii_case(permission_name(scope)))
    };
    needed(sending, endpoints).into_iter().filter(|scope| !has(scope)).collect()
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

    const fn own(kind: Kind) -> Sending {
        Sending { kind, shared: false }
    }

    #[test]
    fn graph_asks_for_the_least() {
        assert_eq!(
            asked_at_consent(own(Kind::GraphOAuth2), &endpoints()).join(" "),
            "openid profile email offline_access https://graph.microsoft.com/User.Read https://graph.microsoft.com/Mail.Send"
        );
        let shared = Sending { shared: true, ..own(Kind::GraphOAuth2) };
        assert!(asked_at_consent(shared, &endpoints()).join(" ").ends_with("/Mail.Send.Shared"));
    }

    #[test]
    fn an_approval_covers_everything_in_use_and_nothing_twice() {
        let in_use = [own(Kind::GraphOAuth2), own(Kind::SmtpOAuth2), own(Kind::GraphOAuth2)];
        let scopes = asked_of_administrator(&in_use, &endpoints());
        for sending in in_use {
            assert!(asked_at_consent(sending, &endpoints()).iter().all(|scope| scopes.contains(scope)));
        }
        assert_eq!(scopes.iter().collect::<std::collections::BTreeSet<_>>().len(), scopes.len());
    }

    #[test]
    fn a_token_request_names_one_resource() {
        for kind in [Kind::GraphOAuth2, Kind::SmtpOAuth2] {
            for (resource, shared) in
                [(Resource::Graph, false), (Resource::Graph, true), (Resource::Exchange, true)]
            {
                let named: std::collections::BTreeSet<_> = resource
                    .scopes(Sending { kind, shared }, &endpoints())
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
        let lacking = |scope: &str| missing(own(Kind::GraphOAuth2), &given(scope), &endpoints());
        assert!(lacking("Mail.Send").is_empty());
        assert!(lacking("https://graph.microsoft.com/Mail.Send").is_empty());
        assert_eq!(lacking("Mail.Send.Shared").len(), 1);
    }
}
