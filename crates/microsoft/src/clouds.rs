use url::{Host, Url};

/// A login or Graph host that is neither Microsoft's nor this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a host of a Microsoft cloud; allowed are {1} and, for the sandbox, localhost")]
pub struct HostNotAllowed(String, String);

/// Login hosts of the national clouds (Microsoft: "National clouds", authentication endpoints).
const LOGIN_HOSTS: &[&str] =
    &["login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"];
/// Graph hosts of the national clouds (Microsoft: "National cloud deployments", service root endpoints).
const GRAPH_HOSTS: &[&str] = &[
    "graph.microsoft.com",
    "graph.microsoft.us",
    "dod-graph.microsoft.us",
    "microsoftgraph.chinacloudapi.cn",
];

/// The two hosts that tokens and mail go to. Nothing else ever gets a token, a code or the client secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    login: String,
    graph: String,
}

impl Endpoints {
    /// Takes the origins from the configuration, if they are Microsoft's or loopback.
    pub fn new(login_origin: &str, graph_origin: &str) -> Result<Self, HostNotAllowed> {
        Ok(Self { login: origin(login_origin, LOGIN_HOSTS)?, graph: origin(graph_origin, GRAPH_HOSTS)? })
    }

    /// `https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize`
    #[must_use]
    pub fn authorize(&self, tenant: &str) -> String {
        format!("{}/{tenant}/oauth2/v2.0/authorize", self.login)
    }

    /// `https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token`
    #[must_use]
    pub fn token(&self, tenant: &str) -> String {
        format!("{}/{tenant}/oauth2/v2.0/token", self.login)
    }

    /// The issuer of every id_token for that tenant id.
    #[must_use]
    pub fn issuer(&self, tenant_id: &str) -> String {
        format!("{}/{tenant_id}/v2.0", self.login)
    }

    /// A Graph v1.0 address; `path` begins with a slash.
    #[must_use]
    pub fn graph(&self, path: &str) -> String {
        format!("{}/v1.0{path}", self.graph)
    }

    /// What permissions of Graph are named after: `https://graph.microsoft.com`.
    ///
    /// A sandbox on this machine takes the names of the global cloud.
    #[must_use]
    pub fn graph_resource(&self) -> &str {
        if self.graph.starts_with("http://") || is_loopback_https(&self.graph) {
            "https://graph.microsoft.com"
        } else {
            &self.graph
        }
    }
}

/// An origin without a trailing slash: `https` and one of `hosts`, or loopback with either scheme.
fn origin(text: &str, hosts: &[&str]) -> Result<String, HostNotAllowed> {
    let refused = || HostNotAllowed(text.to_owned(), hosts.join(", "));
    let url = Url::parse(text).map_err(|_| refused())?;
    let bare =
        url.path() == "/" && url.query().is_none() && url.username().is_empty() && url.password().is_none();
    let known = url.scheme() == "https"
        && url.port().is_none()
        && url.host_str().is_some_and(|host| hosts.contains(&host));
    let local = matches!(url.scheme(), "http" | "https") && is_loopback(url.host().as_ref());
    if bare && (known || local) { Ok(url.origin().ascii_serialization()) } else { Err(refused()) }
}

fn is_loopback(host: Option<&Host<&str>>) -> bool {
    match host {
        Some(Host::Domain(domain)) => *domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn is_loopback_https(origin: &str) -> bool {
    Url::parse(origin).is_ok_and(|url| is_loopback(url.host().as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGIN: &str = "https://login.microsoftonline.com";
    const GRAPH: &str = "https://graph.microsoft.com";

    #[test]
    fn builds_the_documented_addresses() {
        let endpoints = Endpoints::new(LOGIN, GRAPH).unwrap();
        assert_eq!(endpoints.token("organizations"), format!("{LOGIN}/organizations/oauth2/v2.0/token"));
        assert_eq!(endpoints.graph("/me"), format!("{GRAPH}/v1.0/me"));
        assert_eq!(endpoints.graph_resource(), GRAPH);
    }

    #[test]
    fn loopback_is_the_sandbox() {
        for local in ["http://localhost:8790", "http://127.0.0.1:1", "https://[::1]:8791"] {
            assert_eq!(Endpoints::new(local, local).unwrap().graph_resource(), GRAPH, "{local}");
        }
    }

    #[test]
    fn nobody_else_gets_a_token() {
        for other in [
            "http://login.microsoftonline.com",
            "https://login.microsoftonline.com:444",
            "https://login.microsoftonline.com.example.com",
            "https://user@login.microsoftonline.com",
            "https://login.microsoftonline.com/path",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "ftp://localhost",
            "localhost",
        ] {
            assert!(Endpoints::new(other, GRAPH).is_err(), "{other}");
        }
        assert!(Endpoints::new(LOGIN, LOGIN).is_err());
    }
}
