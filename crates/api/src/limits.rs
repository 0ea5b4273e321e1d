//! The bounds of the HTTP API, each with its reason.

/// Largest JSON request accepted, in bytes, counted while it streams in and before any decoding.
///
/// Reading it takes up to 2.4 times its bytes beside it, and two of them fit in the part of an isolate's memory that is kept for
/// requests (ADR 21).
pub const REQUEST_BYTES_MAX: usize = 7 * 1024 * 1024;

/// Largest raw message accepted, in bytes. It is never decoded: Worker, object and delivery each hold it about once, each in the
/// part of an isolate's memory that is kept for it (ADR 21).
pub const RAW_REQUEST_BYTES_MAX: usize = 12 * 1024 * 1024;

/// Largest form, in bytes: its files become base64 and are then as large as the largest JSON.
pub const FORM_REQUEST_BYTES_MAX: usize = REQUEST_BYTES_MAX / 4 * 3;

/// Largest body of every other request: settings and consent are a few hundred bytes, an authorisation code about 1 kB.
pub const SMALL_REQUEST_BYTES_MAX: usize = 64 * 1024;

/// Largest message size a mailbox can be set to (*Max. berichtgrootte*), in bytes: what Microsoft 365 sends at most.
pub const MESSAGE_BYTES_SETTING_MAX: u64 = 150 * 1024 * 1024;

/// The message size of a new mailbox, in bytes: the 5 MB of the King screen.
pub const MESSAGE_BYTES_SETTING_DEFAULT: u64 = 5 * 1024 * 1024;

/// Recipients of one message, To, Cc and Bcc together: Exchange Online's default (`microsoft.com` limits, 500).
pub const RECIPIENTS_MAX: usize = 500;

/// Attachments of one message: Exchange Online's limit.
pub const ATTACHMENTS_MAX: usize = 250;

/// Characters of a subject: Exchange Online's limit.
pub const SUBJECT_CHARS_MAX: usize = 255;

/// Custom headers of one message; Graph answers 400 above this.
pub const HEADERS_MAX: usize = 5;

/// Longest time that `Prefer: wait=N` is honoured, in seconds (RFC 7240 section 4.3).
pub const WAIT_SECONDS_MAX: u32 = 30;

/// Messages of one batch: what an ERP posts in one go, and few enough for the subrequests of one request.
pub const BATCH_MESSAGES_MAX: usize = 100;

/// Messages of one page of a list.
pub const LIST_MESSAGES_MAX: usize = 100;

/// How far ahead a message can be scheduled, in days: its content is kept for no longer.
pub const SCHEDULED_DAYS_MAX: u32 = 30;

/// How long an idempotency key is remembered, in days: longer than an ERP repeats, also after a long weekend.
pub const IDEMPOTENCY_DAYS: u32 = 7;

/// How long the log of a mailbox is kept unless its settings say otherwise, in days.
pub const LOG_DAYS_DEFAULT: u16 = 30;

/// Shortest that the log can be kept, in days: a repetition with an idempotency key is answered with its message.
pub const LOG_DAYS_MIN: u16 = 7;
const _: () = assert!(LOG_DAYS_MIN as u32 >= IDEMPOTENCY_DAYS);

/// Longest that content and log can be kept, in days.
pub const KEPT_DAYS_MAX: u16 = 365;
