//! Recognises a calendar invitation among files: what makes Outlook show *Accept* and *Decline*.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Attachment;

/// The methods of iTIP (RFC 5546 section 1.4) that ask or tell somebody something. `PUBLISH` is not among them: it is a
/// file to import, and stays one.
const METHODS: [&str; 7] = ["REQUEST", "CANCEL", "REPLY", "ADD", "REFRESH", "COUNTER", "DECLINECOUNTER"];

/// The largest calendar that is looked into, in bytes; an invitation has a few kilobytes.
const CALENDAR_BYTES_MAX: u64 = 1024 * 1024;

/// The method of an invitation; `None` for every other file.
pub(super) fn method_of(file: &Attachment) -> Option<&'static str> {
    if !file.content_type().eq_ignore_ascii_case("text/calendar") || file.bytes() > CALENDAR_BYTES_MAX {
        return None;
    }
    let calendar = String::from_utf8(STANDARD.decode(file.base64()).ok()?).ok()?;
    read_method(calendar.trim_start_matches('\u{feff}'))
}

/// Reads the calendar's own `METHOD` (RFC 5545 section 3.7.2), which stands before its first component.
fn read_method(calendar: &str) -> Option<&'static str> {
    let mut lines = calendar.lines();
    if !lines.next()?.trim_end().eq_ignore_ascii_case("BEGIN:VCALENDAR") {
        return None;
    }
    let method = lines
        .take_while(|line| !line.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:")))
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("METHOD"))
        .map(|(_, value)| value.trim())?;
    METHODS.into_iter().find(|known| known.eq_ignore_ascii_case(method))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_method_is_the_calendars_own() {
        let calendar =
            |head: &str| format!("BEGIN:VCALENDAR\r\n{head}BEGIN:VEVENT\r\nMETHOD:CANCEL\r\nEND:VEVENT\r\n");
        assert_eq!(read_method(&calendar("VERSION:2.0\r\nMETHOD:REQUEST\r\n")), Some("REQUEST"));
        assert_eq!(read_method(&calendar("method:cancel\r\n").replace("\r\n", "\n")), Some("CANCEL"));
        assert_eq!(read_method(&calendar("VERSION:2.0\r\n")), None);
        assert_eq!(read_method(&calendar("METHOD:PUBLISH\r\n")), None);
        assert_eq!(read_method(&calendar("METHOD:REQUEST; x=y\r\n")), None);
        assert_eq!(read_method("METHOD:REQUEST\r\n"), None);
        assert_eq!(read_method(""), None);
    }
}
