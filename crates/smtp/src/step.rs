use serde::{Deserialize, Serialize};

/// What a conversation has reached, for somebody who watches a test of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Something listens at this address. The host's to tell: a session begins with an open connection.
    Connected,
    /// It is a mail server, and it welcomes us.
    Greeted,
    /// The connection is encrypted, and the certificate is the server's.
    Tls,
    /// User name and password, or the token, were right.
    SignedIn,
}
