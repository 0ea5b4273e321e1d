use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Which of Microsoft's clouds an organisation is in; apps, accounts and tokens of one are unknown in the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cloud {
    /// The one of this installation, `LOGIN_ORIGIN` and `GRAPH_ORIGIN`: the global cloud unless the operator says otherwise.
    #[default]
    Installation,
    /// The global cloud, with US Government GCC.
    Global,
    /// US Government GCC High (L4).
    UsGovernment,
    /// US Department of Defense (L5).
    UsDefense,
    /// China, operated by 21Vianet.
    China,
}

/// `PUT /operator/organisations/{organisation}/registration`: lets an organisation use an app registration of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetRegistration {
    /// The cloud that it is registered in.
    #[serde(default)]
    pub cloud: Cloud,
    /// The application (client) id.
    pub client_id: String,
    /// The tenant (directory) id, for a registration that is for one tenant only. Left out for a multi-tenant one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// What it proves itself with.
    pub credential: SetCredential,
}

/// What an app proves itself with at Microsoft.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum SetCredential {
    /// A client secret.
    Secret {
        /// The secret's *value*, as Entra showed it once.
        value: String,
        /// When Entra says that it expires: at most 24 months ahead.
        expires_at: Timestamp,
    },
    /// A certificate with its private key, for `private_key_jwt` (RFC 7523).
    Certificate {
        /// The certificate that was uploaded at Entra, as PEM.
        certificate: String,
        /// Its RSA private key, as PEM of PKCS #8.
        private_key: String,
    },
}

impl fmt::Debug for SetCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetCredential([redacted])")
    }
}

/// Whose app registration it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationOwner {
    /// The operator's, for every organisation without an own one.
    Installation,
    /// The organisation's own.
    Organisation,
}

/// With what an app proves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialType {
    /// A client secret.
    Secret,
    /// A certificate.
    Certificate,
}

/// The app registration in use, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationView {
    /// Whose it is.
    pub owner: RegistrationOwner,
    /// The application (client) id.
    pub client_id: String,
    /// What it proves itself with.
    pub credential: CredentialType,
    /// When that ends. Absent when the operator did not say (`ENTRA_SECRET_EXPIRES`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Whole days until then, once it is time to warn: at most 30, none or less when it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn_days_left: Option<i64>,
}
