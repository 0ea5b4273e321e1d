use api::{Code, Problem};
use gateway::outbox::Message;
use gateway::sealing::sha256;
use mail::{Bcc, EmailAddress, MimeFrame};

use crate::config::Config;

/// Message-ID, date and boundary of a message: the same for every attempt, so that a second copy is known as the same mail.
pub(in crate::objects::mailbox) fn frame(
    message: &Message,
    sender: &EmailAddress,
    config: &Config,
    bcc: Bcc,
) -> Result<MimeFrame, Problem> {
    let id = message.id().to_string();
    let as_of = |host: &str| format!("{id}@{host}").parse().ok();
    let domain = sender.as_str().rsplit_once('@').map(|(_, domain)| domain);
    // A domain that is long, a literal or not ASCII makes no id.
    let message_id = domain.and_then(as_of).or_else(|| as_of(own_name(config)));
    // The id holds 80 random bits that nobody who wrote the body knew.
    let [boundary @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = sha256(id.as_bytes());
    Ok(MimeFrame {
        message_id: message_id
            .ok_or_else(|| Problem::new(Code::Internal, "a message id can't be written"))?,
        date: message.accepted_at(),
        boundary,
        bcc,
    })
}

/// The name of this installation's host.
pub(in crate::objects::mailbox) fn own_name(config: &Config) -> &str {
    let name = config.public_origin.rsplit_once("://").map_or("", |(_, host)| host);
    name.split(':').next().unwrap_or_default()
}
