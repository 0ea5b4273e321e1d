use serde::{Deserialize, Serialize};

use crate::{
    Code, LOG_DAYS_DEFAULT, MESSAGE_BYTES_SETTING_DEFAULT, MailboxId, Reason, RegistrationView, Timestamp,
    Upstream,
};

/// How a mailbox sends: the three choices of *Soort* in King's E-mail server tab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// *SMTP Basisverificatie*: an own mail server or Gmail, with user name and access code.
    SmtpBasic,
    /// *Microsoft 365 SMTP OAuth2*.
    #[serde(rename = "smtp_oauth2")]
    SmtpOAuth2,
    /// *Microsoft Graph API OAuth2*.
    #[default]
    #[serde(rename = "graph_oauth2")]
    GraphOAuth2,
}

impl Kind {
    /// Every kind, in the order of the seed's list.
    pub const ALL: [Self; 3] = [Self::SmtpBasic, Self::SmtpOAuth2, Self::GraphOAuth2];

    /// Whether a person signs the mailbox in at Microsoft; otherwise it has a user name and access code.
    #[must_use]
    pub const fn signs_in(self) -> bool {
        matches!(self, Self::SmtpOAuth2 | Self::GraphOAuth2)
    }
}

/// How the connection to an SMTP server is protected (*Beveiliging*).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// No protection at all.
    None,
    /// *Explicit TLS*: STARTTLS on an open connection (RFC 3207).
    #[default]
    Starttls,
    /// *Implicit TLS*: TLS from the first byte (RFC 8314).
    Tls,
}

/// What a person fills in on the E-mail server page.
///
/// The fields that a kind does not show keep their values, so that trying another kind loses nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailboxSettings {
    /// The address that mail is sent from.
    pub address: String,
    /// Further addresses of the same mailbox that `from` may name.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// How it sends.
    pub kind: Kind,
    /// Nobody can sign in as this mailbox itself: somebody with *Send As* on it signs in instead.
    #[serde(default)]
    pub shared: bool,
    /// *Naam mail-server*; only [`Kind::SmtpBasic`] uses it.
    #[serde(default)]
    pub server: String,
    /// *Poort*; only [`Kind::SmtpBasic`] uses it.
    #[serde(default = "default_port")]
    pub port: u16,
    /// *Beveiliging*; only [`Kind::SmtpBasic`] uses it.
    #[serde(default)]
    pub security: Security,
    /// *Server vereist authenticatie*; only [`Kind::SmtpBasic`] uses it.
    #[serde(default = "default_true")]
    pub server_authentication: bool,
    /// *Gebruikersnaam*; only [`Kind::SmtpBasic`] uses it.
    #[serde(default)]
    pub user_name: String,
    /// Where a relay is that speaks with the server in Postbode's place, `https://relay.example.nl`; empty for none of the
    /// mailbox's own. Only [`Kind::SmtpBasic`] uses it.
    #[serde(default)]
    pub relay_url: String,
    /// What that relay is called (its `RELAY_ID`).
    #[serde(default)]
    pub relay_id: String,
    /// *Max. berichtgrootte*, in bytes of text, HTML and decoded attachments together.
    #[serde(default = "default_message_bytes")]
    pub message_bytes_max: u64,
    /// How long the content of a message is kept after it was handed over, in days; 0 deletes it at once.
    #[serde(default)]
    pub content_days: u16,
    /// How long what became of a message is kept, in days.
    #[serde(default = "default_log_days")]
    pub log_days: u16,
    /// Whether a message of which nobody knows whether it was taken is sent again by itself: a second copy is better than
    /// none.
    #[serde(default)]
    pub repeat_unknown: bool,
}

const fn default_log_days() -> u16 {
    LOG_DAYS_DEFAULT
}

const fn default_port() -> u16 {
    587
}

const fn default_true() -> bool {
    true
}

const fn default_message_bytes() -> u64 {
    MESSAGE_BYTES_SETTING_DEFAULT
}

impl MailboxSettings {
    /// The settings of a new mailbox for `address`.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            aliases: Vec::new(),
            kind: Kind::default(),
            shared: false,
            server: String::new(),
            port: default_port(),
            security: Security::default(),
            server_authentication: true,
            user_name: String::new(),
            relay_url: String::new(),
            relay_id: String::new(),
            message_bytes_max: MESSAGE_BYTES_SETTING_DEFAULT,
            content_days: 0,
            log_days: LOG_DAYS_DEFAULT,
            repeat_unknown: false,
        }
    }
}

/// `POST /api/mailboxes` or `POST /operator/organisations/{organisation}/mailboxes`: makes a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateMailbox {
    /// The address that mail is sent from.
    pub address: String,
    /// How it sends.
    #[serde(default)]
    pub kind: Kind,
    /// Nobody can sign in as this mailbox itself: see [`MailboxSettings::shared`].
    #[serde(default)]
    pub shared: bool,
}

/// `PUT /api/mailboxes/{mailbox}`: saves the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaveSettings {
    /// The [`MailboxView::version`] that the person was looking at; another one means that somebody saved in between.
    pub version: u64,
    /// What the page says now.
    pub settings: MailboxSettings,
    /// *Toegangscode*: left out keeps the stored one, empty removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_code: Option<String>,
    /// The key that the mailbox's own relay shares with Postbode: left out keeps the stored one, empty removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay_key: Option<String>,
}

/// One line of the organisation's list of mailboxes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxSummary {
    /// Its id.
    pub id: MailboxId,
    /// Its address.
    pub address: String,
}

/// Whether a mailbox can send, as one word that drives badge, sentence, button and API value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailboxState {
    /// Nobody signed it in yet.
    NotAuthenticated,
    /// Somebody is at Microsoft's page now.
    SigningIn,
    /// Somebody asked an administrator to approve the app; Microsoft does not tell when that has happened.
    WaitingForApproval,
    /// It sends; no message is held, and none was refused or ended as unknown since a person last looked.
    Ready,
    /// It sends, but mail is held, or was refused or is unknown since a person last looked.
    Attention,
    /// It sends, and at the moment Microsoft is slow, away or asks to wait; messages go out by themselves later.
    Delayed,
    /// Microsoft ended the authentication; a person must sign in again.
    SignInAgain,
    /// A setting or policy of the organisation's Microsoft 365 is in the way; an administrator must change it.
    AdministratorNeeded,
    /// The app registration's secret or certificate no longer works; whoever looks after it must renew it.
    RegistrationBroken,
    /// Somebody removed the authentication.
    Removed,
    /// It sends through a mail server of its own that requires authentication, and no access code is stored.
    AccessCodeMissing,
    /// That mail server does not let it in; a person must look at the settings.
    ServerRefuses,
}

impl MailboxState {
    /// Every state, for tests and pages that show them all.
    pub const ALL: [Self; 12] = [
        Self::NotAuthenticated,
        Self::SigningIn,
        Self::WaitingForApproval,
        Self::Ready,
        Self::Attention,
        Self::Delayed,
        Self::SignInAgain,
        Self::AdministratorNeeded,
        Self::RegistrationBroken,
        Self::Removed,
        Self::AccessCodeMissing,
        Self::ServerRefuses,
    ];
}

/// `GET /api/mailboxes/{mailbox}`: everything the E-mail server page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxView {
    /// Its id.
    pub id: MailboxId,
    /// Raised by every save; sent back with [`SaveSettings`].
    pub version: u64,
    /// What was saved last.
    pub settings: MailboxSettings,
    /// Whether an access code is stored; the code itself never comes back.
    pub access_code_stored: bool,
    /// Whether a key of the mailbox's own relay is stored; the key itself never comes back.
    #[serde(default)]
    pub relay_key_stored: bool,
    /// Whether the installation has a relay that mail servers are reached through unless the mailbox names its own.
    #[serde(default)]
    pub installation_relay: bool,
    /// Largest message that this kind can send today, in bytes, when that is less than the setting.
    pub message_bytes_effective: u64,
    /// Whether it can send.
    pub state: MailboxState,
    /// Who signed it in, when, and how long that holds. Absent when nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication: Option<AuthenticationView>,
    /// What stands in the way of sending until a person does something. Absent when nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<TroubleView>,
    /// Why messages wait at the moment, and until when. Absent when none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
    /// What to send to an administrator. Absent unless somebody chose to ask one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalView>,
    /// When somebody removed the authentication. Absent when nobody did, or somebody signed in since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Timestamp>,
    /// The app registration that it signs in with. Absent for basic SMTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationView>,
    /// Messages accepted and not yet handed over.
    pub waiting: u64,
    /// Those of them that wait for a person, by what they wait for, the most first. Empty when none does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<HeldCount>,
    /// Messages that ended without being handed over for certain, and that nobody has looked at yet.
    #[serde(default, skip_serializing_if = "Attention::is_empty")]
    pub attention: Attention,
    /// When the last message was handed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handed_over_at: Option<Timestamp>,
    /// The clock that every date in this answer was judged by.
    pub now: Timestamp,
}

/// Why a mailbox can't send until a person does something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TroubleView {
    /// What it is; its [`Code::fix_by`] says whose turn it is.
    pub code: Code,
    /// Why, as far as Microsoft's number tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What is the case, in English.
    pub detail: String,
    /// Since when.
    pub since: Timestamp,
    /// Microsoft's own words, for an administrator to search with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<Upstream>,
}

/// Why messages wait, though nobody needs to do anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delay {
    /// What it is.
    pub code: Code,
    /// What is the case, in English.
    pub detail: String,
    /// When the next message is tried.
    pub until: Timestamp,
}

/// Messages that wait for a person for the same reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldCount {
    /// What they wait for; its [`Code::fix_by`] says whose turn it is.
    pub code: Code,
    /// How many there are, at least one.
    pub count: u64,
    /// Since when the first of them waits.
    pub since: Timestamp,
}

/// `POST /api/mailboxes/{mailbox}/seen`: a person has seen what ended as *refused* or *unknown*. Answered with
/// [`MailboxView`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The [`MailboxView::now`] of the page that the person looked at: what ended later has not been seen.
    pub until: Timestamp,
}

/// Messages that ended as *refused* or *unknown* and that no person has said to have seen ([`Seen`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attention {
    /// How many were refused.
    pub refused: u64,
    /// How many may or may not have been sent.
    pub unknown: u64,
    /// When the first of them ended. Absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl Attention {
    /// Whether there is nothing to look at.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.refused == 0 && self.unknown == 0
    }
}

/// What an administrator needs to approve the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalView {
    /// When somebody chose to ask.
    pub since: Timestamp,
    /// Microsoft's page on which an administrator approves (Microsoft: v2-admin-consent).
    pub link: String,
    /// The permissions that it asks for, as Microsoft names them.
    pub permissions: Vec<String>,
    /// The tenant that it is for. Absent while that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

/// A person or mailbox at Microsoft, for display.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The display name, when the tenant gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address that Microsoft shows for the account.
    pub address: String,
}

/// The result of a consent, without any token: the seed's status panel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthenticationView {
    /// *Authenticatie uitgevoerd op*: when the person consented.
    pub authenticated_at: Timestamp,
    /// Who signed in.
    pub account: Account,
    /// The Microsoft tenant (directory) id.
    pub tenant: String,
    /// What Microsoft allows with it.
    pub permissions: Vec<Permission>,
    /// *Refresh token vernieuwd op*.
    pub refresh_token_renewed_at: Timestamp,
    /// Until when the refresh token is good if nothing is sent: 90 days after the last renewal.
    pub refresh_token_good_until: Timestamp,
    /// *Geldigheid access token*: until when. Absent when there is none at the moment; the next mail fetches one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_valid_until: Option<Timestamp>,
    /// When that access token was issued, so that a page can show how much of its life is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_issued_at: Option<Timestamp>,
}

/// A permission as Microsoft names it, and whether this kind needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    /// Microsoft's name without the resource, e.g. `Mail.Send`.
    pub name: String,
    /// Whether sending with the mailbox's kind depends on it.
    pub needed: bool,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn attention_is_left_out_when_there_is_none() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct View {
            #[serde(default, skip_serializing_if = "Attention::is_empty")]
            attention: Attention,
        }
        let since = Some(Timestamp::from_millis(1_795_459_200_000));
        let some = View { attention: Attention { refused: 0, unknown: 2, since } };
        let none = View { attention: Attention::default() };
        for (view, json) in [
            (some, json!({ "attention": { "refused": 0, "unknown": 2, "since": since } })),
            (none, json!({})),
        ] {
            assert_eq!(serde_json::to_value(&view).unwrap(), json);
            assert_eq!(serde_json::from_value::<View>(json).unwrap(), view);
        }
    }

    #[test]
    fn every_state_is_listed_once() {
        let words: std::collections::BTreeSet<_> =
            MailboxState::ALL.iter().map(|state| serde_json::to_string(state).unwrap()).collect();
        assert_eq!(words.len(), MailboxState::ALL.len());
        assert!(words.contains("\"attention\""));
    }
}
