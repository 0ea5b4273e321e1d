use std::fmt::Display;

use api::{MailboxId, MailboxSettings, OrganisationId, Timestamp};
use microsoft::Sending;
use serde::{Deserialize, Serialize};

use super::SavedSettings;
use super::stored_settings::StoredSettings;
use crate::sealing::Record;
use crate::settings::Transport;
use crate::tokens::{SealedText, Trouble};

/// What is stored of the mailbox itself. A stored format: later versions must read it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MailboxRecord {
    /// Its organisation.
    pub organisation: OrganisationId,
    /// Its id.
    pub id: MailboxId,
    /// What was saved last.
    #[serde(with = "StoredSettings")]
    pub settings: MailboxSettings,
    /// Raised by every save.
    pub version: u64,
    /// Raised by everything that ends or replaces an authentication; a renewal that began before is thrown away.
    pub epoch: u64,
    /// The last number given to a renewal; never used twice, whatever was removed in between.
    pub number: u64,
    /// *Toegangscode*, sealed with the version it was saved in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_code: Option<(u64, SealedText)>,
    /// The key of its own relay, sealed with the version it was saved in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay_key: Option<(u64, SealedText)>,
    /// Why the mail server of [`Kind::SmtpBasic`] does not let it in; forgotten when the settings are saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_trouble: Option<Trouble>,
    /// When the last of those messages was handed over that are no longer in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handed_over_at: Option<Timestamp>,
    /// Instant at which a person chose to ask an administrator; cleared when a sign-in succeeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_asked_at: Option<Timestamp>,
    /// Instant at which the authentication was removed; cleared when a sign-in succeeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl MailboxRecord {
    /// A mailbox that is created, with nobody signed in.
    #[must_use]
    pub fn new(
        organisation: OrganisationId,
        id: MailboxId,
        settings: MailboxSettings,
        at: Timestamp,
    ) -> Self {
        Self {
            organisation,
            id,
            settings,
            version: 1,
            epoch: 0,
            number: 0,
            access_code: None,
            relay_key: None,
            server_trouble: None,
            handed_over_at: None,
            approval_asked_at: None,
            removed_at: None,
            created_at: at,
        }
    }

    /// Whether the mail server of its own requires an access code that nobody has typed.
    #[must_use]
    pub fn lacks_access_code(&self) -> bool {
        Transport::of(&self.settings).needs_password() && self.access_code.is_none()
    }

    /// Takes new settings over; whether that ends the authentication, which another address or kind does.
    ///
    /// Another server, port, security, user name or relay clears the password, which goes only to the server that it was
    /// typed for; another relay clears the relay's key. Whatever the mail server refused was about settings of before.
    pub(super) fn replace_settings(&mut self, save: &SavedSettings) -> bool {
        // The fields of a mail server stay stored while another kind is chosen, so they are compared as they are.
        let (old, new) = (&self.settings, &save.settings);
        let server_of =
            |it: &MailboxSettings| (it.server.clone(), it.port, it.security, it.user_name.clone());
        let relay_of = |it: &MailboxSettings| (it.relay_url.clone(), it.relay_id.clone());
        let moves_relay = relay_of(old) != relay_of(new);
        let moves_server = moves_relay || server_of(old) != server_of(new);
        let same_address = old.address.eq_ignore_ascii_case(&new.address);
        let ends_authentication = !same_address || Sending::from(old) != Sending::from(new);
        let version = self.version + 1;
        let replaced =
            |typed: &Option<Option<SealedText>>, kept: Option<(u64, SealedText)>, moves: bool| match typed {
                Some(typed) => typed.clone().map(|sealed| (version, sealed)),
                None => kept.filter(|_| !moves),
            };
        self.relay_key = replaced(&save.relay_key, self.relay_key.take(), moves_relay);
        self.access_code = replaced(&save.access_code, self.access_code.take(), moves_server);
        self.settings = save.settings.clone();
        self.version = version;
        self.server_trouble = None;
        ends_authentication
    }

    /// Names one of this mailbox's records for sealing.
    #[must_use]
    pub fn sealed_as(&self, kind: &'static str, number: impl Display) -> Record {
        Record { kind, organisation: self.organisation, mailbox: Some(self.id), number: number.to_string() }
    }
}
