use serde::Serialize;

use super::current_request;

/// One line of the log: what happened, never what was in it. No URL, address, subject, code or token has a field here.
#[derive(Clone, Copy, Default, Serialize)]
pub(crate) struct Line<'a> {
    /// What happened, e.g. `request`, `hand_over`, `renewal`.
    pub(crate) event: &'a str,
    /// How it ended.
    pub(crate) outcome: &'a str,
    /// The request it belongs to; [`log`] fills in the current one.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) request_id: &'a str,
    /// Method and route pattern, not the path.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) route: &'a str,
    /// HTTP status.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) status: u16,
    /// The object it happened in.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) object: &'a str,
    /// Rows written since the last such line of the object, as Cloudflare counts them.
    #[serde(skip_serializing_if = "is_none")]
    pub(crate) rows: u64,
    /// Cause, in our own words.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) detail: &'a str,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(status: &u16) -> bool {
    *status == 0
}

fn is_none(rows: &u64) -> bool {
    *rows == 0
}

/// Writes the line as JSON, which Workers Logs indexes by field.
pub(crate) fn log(line: &Line<'_>) {
    let current = match current_request() {
        Some(id) if line.request_id.is_empty() => id.to_string(),
        _ => line.request_id.to_owned(),
    };
    let line = &Line { request_id: &current, ..*line };
    worker::console_log!("{}", serde_json::to_string(line).unwrap_or_default());
}
