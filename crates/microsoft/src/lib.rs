//! What Postbode says to Microsoft and how it understands the answers: Entra ID (sign-in, tokens) and Graph (`/me`,
//! `sendMail`).
//!
//! In scope: which URLs, bodies and scopes; what an answer or an error means, whose turn it is and whether trying again
//! helps. Sources are Microsoft's pages, named where they are used.
//! Out of scope: when to renew, what to do after a refusal (crate `gateway`), carrying requests out (crate `worker`).
//! Nothing here performs IO or reads a clock: a request is a value, or goes through a function that the host brings.

mod admin_consent;
mod assertion;
mod claims;
mod clouds;
mod decision;
mod entra_error;
mod graph;
mod graph_error;
mod me;
mod reason;
mod redirect_error;
mod refusal;
mod scopes;
mod send_mail;
mod send_mime;
mod token;
mod token_answer;

pub use admin_consent::admin_consent;
pub use assertion::{Certificate, CertificateError, assertion_to_sign, read_private_key, signed_assertion};
pub use claims::{ClaimsError, Identity, read_id_token};
pub use clouds::{Endpoints, HostNotAllowed};
pub use decision::{Decision, decide};
pub use me::{Profile, me, ping, read_me, read_ping};
// Secrets: `Debug` prints `[redacted]`, the value is reached through `secret()` only.
pub use oauth2::{AccessToken, AuthorizationCode, ClientSecret, PkceCodeVerifier, RefreshToken};
pub use oauth2::{HttpRequest, HttpResponse};
pub use redirect_error::read_refused_consent;
pub use refusal::{Refusal, TransportError, Verdict};
pub use scopes::{
    Resource, Sending, asked_at_consent, asked_of_administrator, missing, needed, permission_name,
};
pub use send_mail::{MESSAGE_BYTES_MAX, REQUEST_BYTES_MAX, SendMail, Sent, read_send_mail, send_mail};
pub use send_mime::{MIME_BYTES_MAX, send_mime};
pub use token::{Http, Proof, Redemption, TokenEndpoint, Tokens};
