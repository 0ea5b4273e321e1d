use api::{Kind, MailboxSettings, Security};
use microsoft::{Resource, Sending};

/// How a mailbox sends, with exactly the settings that its kind uses. Parsed from [`MailboxSettings`], which carry the
/// fields of every kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport<'s> {
    /// Microsoft 365, with an access token for a resource.
    Microsoft {
        /// Graph, or Exchange by SMTP.
        resource: Resource,
        /// Kind, and whether somebody else than the mailbox itself signs in.
        sending: Sending,
    },
    /// A mail server of one's own, or Gmail.
    Server {
        /// The server.
        server: Server<'s>,
        /// The mailbox's own relay. Absent: the installation's, if it has one for mail servers.
        relay: Option<RelayAddress<'s>>,
    },
}

/// A mail server, and the user name to sign in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Server<'s> {
    /// Host name, without spaces around it.
    pub host: &'s str,
    /// TCP port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Absent when the server requires no authentication.
    pub user_name: Option<&'s str>,
}

/// The mailbox's own relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayAddress<'s> {
    /// Without a slash at the end.
    pub url: &'s str,
    /// The relay's name: what its `RELAY_ID` says.
    pub id: &'s str,
}

impl<'s> Transport<'s> {
    /// The transport of stored settings, which [`check_settings`](super::check_settings) has validated.
    #[must_use]
    pub fn of(settings: &'s MailboxSettings) -> Self {
        match settings.kind {
            Kind::GraphOAuth2 => Self::microsoft(Resource::Graph, settings),
            Kind::SmtpOAuth2 => Self::microsoft(Resource::Exchange, settings),
            Kind::SmtpBasic => Self::Server {
                server: Server {
                    host: settings.server.trim(),
                    port: settings.port,
                    security: settings.security,
                    user_name: settings.server_authentication.then_some(settings.user_name.trim()),
                },
                relay: Some(settings.relay_url.trim().trim_end_matches('/'))
                    .filter(|url| !url.is_empty())
                    .map(|url| RelayAddress { url, id: settings.relay_id.trim() }),
            },
        }
    }

    fn microsoft(resource: Resource, settings: &MailboxSettings) -> Self {
        Self::Microsoft { resource, sending: Sending::from(settings) }
    }

    /// What an access token must be for; nothing for a mail server of one's own.
    #[must_use]
    pub const fn resource(&self) -> Option<Resource> {
        match self {
            Self::Microsoft { resource, .. } => Some(*resource),
            Self::Server { .. } => None,
        }
    }

    /// Whether a password must be stored before anything can be sent.
    #[must_use]
    pub const fn needs_password(&self) -> bool {
        matches!(self, Self::Server { server: Server { user_name: Some(_), .. }, .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic() -> MailboxSettings {
        let mut settings = MailboxSettings::new("a@example.nl");
        settings.kind = Kind::SmtpBasic;
        settings.server = " smtp.example.nl ".to_owned();
        settings.user_name = "a ".to_owned();
        settings.server_authentication = true;
        settings
    }

    #[test]
    fn a_kind_has_its_own_settings_and_no_others() {
        let settings = MailboxSettings { kind: Kind::GraphOAuth2, shared: true, ..basic() };
        let transport = Transport::of(&settings);
        assert_eq!((transport.resource(), transport.needs_password()), (Some(Resource::Graph), false));
        let other = MailboxSettings { server: "elsewhere".to_owned(), ..settings.clone() };
        assert_eq!(Transport::of(&other), transport, "Graph has no server");
    }

    #[test]
    fn spaces_and_empty_fields_are_nothing() {
        let settings = MailboxSettings { relay_url: " ".to_owned(), ..basic() };
        let Transport::Server { server, relay } = Transport::of(&settings) else { panic!("a server") };
        assert_eq!((server.host, server.user_name, relay), ("smtp.example.nl", Some("a"), None));
        let open = MailboxSettings { server_authentication: false, ..settings };
        assert!(!Transport::of(&open).needs_password());
        let relayed = MailboxSettings { relay_url: "https://r.nl/".to_owned(), relay_id: "r".into(), ..open };
        let Transport::Server { relay, .. } = Transport::of(&relayed) else { panic!("a server") };
        assert_eq!(relay, Some(RelayAddress { url: "https://r.nl", id: "r" }));
    }
}
