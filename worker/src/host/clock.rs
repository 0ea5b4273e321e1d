use api::Timestamp;

/// The time of the last IO, which is what a Worker's clock shows (it stands still while code runs).
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(crate) fn now() -> Timestamp {
    // Milliseconds since 1970 stay below 2^53 for 285,000 years.
    Timestamp::from_millis(i64::try_from(worker::Date::now().as_millis()).unwrap_or_default())
}
