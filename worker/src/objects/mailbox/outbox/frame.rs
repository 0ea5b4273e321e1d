use api::Code;
use gateway::{MessageRecord, sha256};
use mail::{Bcc, EmailAddress, MimeFrame};
use microsoft::Refusal;

use crate::config::Config;

/// What a message gets when it is written as MIME: the same for every try, so that a second one is known as the same mail.
pub(in crate::objects::mailbox) fn frame(
    record: &MessageRecord,
    sender: &EmailAddress,
    config: &Config,
    bcc: Bcc,
) -> Result<MimeFrame, Refusal> {
    let id = record.id.to_string();
    let as_of = |host: &str| format!("{id}@{host}").parse().ok();
    let domain = sender.as_str().rsplit_once('@').map(|(_, domain)| domain);
    // A domain that is long, a literal or not ASCII makes no id.
    let message_id = domain.and_then(as_of).or_else(|| as_of(own_name(config)));
    // The id holds 80 random bits that nobody who wrote the body knew.
    let [boundary @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = sha256(id.as_bytes());
    Ok(MimeFrame {
        message_id: message_id
            .ok_or_else(|| Refusal::new(Code::Internal, "a message id can't be written"))?,
        date: record.accepted_at,
        boundary,
        bcc,
    })
}

/// The name of this installation's host.
pub(in crate::objects::mailbox) fn own_name(config: &Config) -> &str {
    let name = config.public_origin.rsplit_once("://").map_or("", |(_, host)| host);
    name.split(':').next().unwrap_or_default()
}
