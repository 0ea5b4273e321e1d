//! The JSON of `sendMail` as Graph's schema has it (section 4.1). What the schema does not know is a 400; what it knows
//! and the sandbox does not is kept as [`Value`] and answered with `501`.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The whole body.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SendMail {
    pub(crate) message: Option<Message>,
    pub(crate) save_to_sent_items: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Message {
    pub(crate) subject: Option<String>,
    pub(crate) importance: Option<Importance>,
    pub(crate) body: Option<Body>,
    pub(crate) from: Option<Recipient>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) reply_to: Vec<Recipient>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) to_recipients: Vec<Recipient>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) cc_recipients: Vec<Recipient>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) bcc_recipients: Vec<Recipient>,
    /// Not defaulted: absent is fine, empty is not (section 4.4).
    pub(crate) internet_message_headers: Option<Vec<Header>>,
    #[serde(default, deserialize_with = "list")]
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) internet_message_id: Option<String>,
    // In the schema (section 4.1), not in the sandbox.
    sender: Option<Value>,
    is_read_receipt_requested: Option<bool>,
    is_delivery_receipt_requested: Option<bool>,
    categories: Option<Value>,
    flag: Option<Value>,
    single_value_extended_properties: Option<Value>,
}

impl Message {
    /// The first property that Graph would act on and the sandbox can't. Receipts that are not wanted are no act.
    pub(crate) fn beyond_the_sandbox(&self) -> Option<&'static str> {
        let properties = [
            ("sender", self.sender.is_some()),
            ("isReadReceiptRequested", self.is_read_receipt_requested == Some(true)),
            ("isDeliveryReceiptRequested", self.is_delivery_receipt_requested == Some(true)),
            ("categories", self.categories.is_some()),
            ("flag", self.flag.is_some()),
            ("singleValueExtendedProperties", self.single_value_extended_properties.is_some()),
        ];
        properties.into_iter().find(|(_, used)| *used).map(|(name, _)| name)
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Importance {
    Low,
    Normal,
    High,
}

impl Importance {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }
}

/// One body, of one kind: Exchange makes the text part of HTML by itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Body {
    pub(crate) content_type: Option<BodyKind>,
    pub(crate) content: Option<String>,
}

/// Written `text|html` or `Text|HTML` (section 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum BodyKind {
    #[serde(rename = "text", alias = "Text")]
    Text,
    #[serde(rename = "html", alias = "HTML", alias = "Html")]
    Html,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Recipient {
    pub(crate) email_address: EmailAddress,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmailAddress {
    pub(crate) address: Option<String>,
    pub(crate) name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Attachment {
    #[serde(rename = "@odata.type")]
    pub(crate) odata_type: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content_bytes: Option<String>,
    pub(crate) content_id: Option<String>,
    pub(crate) is_inline: Option<bool>,
}

/// `null` is an empty list.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Option::<Vec<T>>::deserialize(deserializer).map(Option::unwrap_or_default)
}
