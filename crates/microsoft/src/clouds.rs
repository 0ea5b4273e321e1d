use api::Cloud;
use url::{Host, Url};

/// A login or Graph host that is neither Microsoft's nor this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a host of a Microsoft cloud; allowed are {1} and, for the sandbox, localhost")]
pub struct HostNotAllowed(String, String);

/// The hosts of one cloud (Microsoft: "National clouds", "National cloud deployments").
struct Hosts {
    cloud: Cloud,
    login: &'static str,
    graph: &'static str,
    /// What the permission to send by SMTP is named after.
    exchange: &'static str,
    /// Where mail is submitted, on port 587 (Microsoft: how-to-set-up-a-multifunction-device-or-application).
    smtp: &'static str,
}

/// Port of submission with STARTTLS (RFC 6409).
const SUBMISSION: u16 = 587;

const CLOUDS: [Hosts; 4] = [
    Hosts {
        cloud: Cloud::Global,
        login: "https://login.microsoftonline.com",
        graph: "https://graph.microsoft.com",
        exchange: "https://outlook.office.com",
        smtp: "smtp.office365.com",
    },
    Hosts {
        cloud: Cloud::UsGovernment,
        login: "https://login.microsoftonline.us",
        graph: "https://graph.microsoft.us",
        exchange: "https://outlook.office365.us",
        smtp: "smtp.office365.us",
    },
    Hosts {
        cloud: Cloud::UsDefense,
        login: "https://login.microsoftonline.us",
        graph: "https://dod-graph.microsoft.us",
        exchange: "https://outlook.office365.us",
        smtp: "outlook-dod.office365.us",
    },
    Hosts {
        cloud: Cloud::China,
        login: "https://login.partner.microsoftonline.cn",
        graph: "https://microsoftgraph.chinacloudapi.cn",
        exchange: "https://partner.outlook.cn",
        smtp: "partner.outlook.cn",
    },
];

/// The two hosts that tokens and mail go to. Nothing else ever gets a token, a code or the client secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    login: String,
    graph: String,
    /// The sandbox's, in the place of the cloud's own.
    smtp: Option<(String, u16)>,
}

impl Endpoints {
    /// Takes the origins from the configuration, if they are Microsoft's or loopback.
    pub fn new(login_origin: &str, graph_origin: &str) -> Result<Self, HostNotAllowed> {
        let known = |origin: fn(&Hosts) -> &'static str| CLOUDS.iter().map(origin).collect::<Vec<_>>();
        Ok(Self {
            login: origin(login_origin, &known(|hosts| hosts.login))?,
            graph: origin(graph_origin, &known(|hosts| hosts.graph))?,
            smtp: None,
        })
    }

    /// With mail submitted to the sandbox on this machine, `localhost:8587`; another server would get tokens that are not
    /// for it.
    pub fn with_sandbox_smtp(self, server: &str) -> Result<Self, HostNotAllowed> {
        let refused = || HostNotAllowed(server.to_owned(), "none".to_owned());
        let (host, port) = server.rsplit_once(':').ok_or_else(refused)?;
        let port = port.parse().map_err(|_| refused())?;
        let local = Host::parse(host).is_ok_and(|parsed| match &parsed {
            Host::Domain(domain) => domain == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        });
        if local { Ok(Self { smtp: Some((host.to_owned(), port)), ..self }) } else { Err(refused()) }
    }

    /// Where mail is submitted by SMTP: host and port.
    #[must_use]
    pub fn smtp(&self) -> (&str, u16) {
        let own = || {
            let hosts = CLOUDS.iter().find(|hosts| hosts.graph == self.graph_resource());
            (hosts.map_or("smtp.office365.com", |hosts| hosts.smtp), SUBMISSION)
        };
        self.smtp.as_ref().map_or_else(own, |(host, port)| (host, *port))
    }

    /// Those of that cloud; [`Cloud::Installation`] is `self`.
    #[must_use]
    pub fn of(&self, cloud: Cloud) -> Self {
        let hosts = CLOUDS.iter().find(|hosts| hosts.cloud == cloud);
        hosts.map_or_else(
            || self.clone(),
            |hosts| Self { login: hosts.login.to_owned(), graph: hosts.graph.to_owned(), smtp: None },
        )
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

    /// `https://login.microsoftonline.com/{tenant}/v2.0/adminconsent`
    #[must_use]
    pub fn admin_consent(&self, tenant: &str) -> String {
        format!("{}/{tenant}/v2.0/adminconsent", self.login)
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

    /// What the permission to send by SMTP is named after: `https://outlook.office.com`.
    #[must_use]
    pub fn exchange_resource(&self) -> &'static str {
        let hosts = CLOUDS.iter().find(|hosts| hosts.graph == self.graph_resource());
        hosts.map_or("https://outlook.office.com", |hosts| hosts.exchange)
    }
}

/// An origin without a trailing slash: one of `known`, or loopback with either scheme.
fn origin(text: &str, known: &[&str]) -> Result<String, HostNotAllowed> {
    let refused = || HostNotAllowed(text.to_owned(), known.join(", "));
    let url = Url::parse(text).map_err(|_| refused())?;
    let bare =
        url.path() == "/" && url.query().is_none() && url.username().is_empty() && url.password().is_none();
    let known = known.contains(&url.origin().ascii_serialization().as_str());
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
    fn each_cloud_has_its_own_hosts_and_permission_names() {
        let here = Endpoints::new("http://localhost:1", "http://localhost:1").unwrap();
        for hosts in &CLOUDS {
            let endpoints = here.of(hosts.cloud);
            assert_eq!(Endpoints::new(hosts.login, hosts.graph).unwrap(), endpoints);
            assert_eq!(
                (endpoints.graph_resource(), endpoints.exchange_resource()),
                (hosts.graph, hosts.exchange)
            );
            assert_eq!(endpoints.issuer("t-1"), format!("{}/t-1/v2.0", hosts.login));
        }
        assert_eq!(here.of(Cloud::Installation), here);
        assert_eq!(here.of(Cloud::Global).smtp(), ("smtp.office365.com", 587));
        let sandbox = here.clone().with_sandbox_smtp("localhost:8587").unwrap();
        assert_eq!(sandbox.smtp(), ("localhost", 8587));
        assert_eq!(sandbox.of(Cloud::UsDefense).smtp(), ("outlook-dod.office365.us", 587));
        for other in ["smtp.example.com:587", "localhost", "10.0.0.1:25", "localhost.example.com:587"] {
            assert!(here.clone().with_sandbox_smtp(other).is_err(), "{other}");
        }
        assert_eq!(here.exchange_resource(), "https://outlook.office.com");
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
