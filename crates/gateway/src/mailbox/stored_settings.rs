use api::{Kind, LOG_DAYS_DEFAULT, MESSAGE_BYTES_SETTING_DEFAULT, MailboxSettings, Security};
use serde::{Deserialize, Serialize};

/// [`MailboxSettings`] as they are stored: fields that this version does not know are ignored, so that a mailbox which a
/// later version saved still loads after a roll-back. A request with an unknown field is refused instead.
#[derive(Serialize, Deserialize)]
#[serde(remote = "MailboxSettings")]
pub(super) struct StoredSettings {
    address: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    shared: bool,
    #[serde(default)]
    server: String,
    #[serde(default = "submission_port")]
    port: u16,
    #[serde(default)]
    security: Security,
    #[serde(default = "yes")]
    server_authentication: bool,
    #[serde(default)]
    user_name: String,
    #[serde(default)]
    relay_url: String,
    #[serde(default)]
    relay_id: String,
    #[serde(default = "message_bytes_max")]
    message_bytes_max: u64,
    #[serde(default)]
    content_days: u16,
    #[serde(default = "log_days")]
    log_days: u16,
    #[serde(default)]
    repeat_unknown: bool,
}

const fn submission_port() -> u16 {
    587
}

const fn yes() -> bool {
    true
}

const fn message_bytes_max() -> u64 {
    MESSAGE_BYTES_SETTING_DEFAULT
}

const fn log_days() -> u16 {
    LOG_DAYS_DEFAULT
}
