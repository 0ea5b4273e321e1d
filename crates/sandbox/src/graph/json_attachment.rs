//! One file in the JSON form (section 4.1).

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    graph::{
        errors::{self, Rejected},
        json_message::Attachment,
    },
    inbox,
};

/// `itemAttachment` and `referenceAttachment` exist and are not known here.
const FILE: &str = "#microsoft.graph.fileAttachment";

pub(crate) fn read(attachment: &Attachment) -> Result<inbox::Attachment, Rejected> {
    match attachment.odata_type.as_deref() {
        // An abstract type can't be made (OData): the type must be said.
        None => return Err(errors::body_unreadable("an attachment without '@odata.type'").into()),
        Some(FILE) => {}
        Some(other) if other.starts_with("#microsoft.graph.") => {
            return Err(Rejected::NotImplemented(format!("attachments of type {other}")));
        }
        Some(other) => return Err(errors::body_unreadable(format!("no type named '{other}'")).into()),
    }
    let Some(filename) = attachment.name.clone().filter(|name| !name.is_empty()) else {
        return Err(errors::body_unreadable("an attachment without 'name'").into());
    };
    let Some(encoded) = &attachment.content_bytes else {
        return Err(errors::body_unreadable("an attachment without 'contentBytes'").into());
    };
    let content = STANDARD.decode(encoded).map_err(|_| {
        errors::body_unreadable("cannot convert 'contentBytes' to the expected type 'Edm.Binary'")
    })?;
    Ok(inbox::Attachment {
        filename: Some(filename),
        content_type: attachment
            .content_type
            .clone()
            .unwrap_or_else(|| "application/octet-stream".to_owned()),
        content_id: attachment.content_id.clone(),
        inline: attachment.is_inline.unwrap_or(false),
        content,
    })
}
