//! Dates in the reader's language and time zone, by the browser's own `Intl`, so that no date data travels.

use api::Timestamp;
use js_sys::{Array, Date, Intl, Object, Reflect};

use super::language::Language;

const SECOND: f64 = 1000.0;
const MINUTE: f64 = 60.0 * SECOND;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

/// `21 February 2027 at 14:32`
pub(crate) fn long(language: Language, moment: Timestamp) -> String {
    absolute(language, moment, "long")
}

/// The end of something that Microsoft dates by the day: midnight in UTC is that day, wherever its reader is.
pub(crate) fn end(language: Language, moment: Timestamp) -> String {
    if is_day(moment) {
        let options = options(&[("dateStyle", "long"), ("timeZone", "UTC")]);
        written(language, moment, &options)
    } else {
        long(language, moment)
    }
}

/// Whether it is nothing but a day.
fn is_day(moment: Timestamp) -> bool {
    moment.millis() % (24 * 60 * 60 * 1000) == 0
}

/// `in 84 days`, seen from `now`.
pub(crate) fn relative(language: Language, moment: Timestamp, now: Timestamp) -> String {
    let (count, unit) = step(millis(moment) - millis(now));
    let options = options(&[("numeric", "auto")]);
    let format = Intl::RelativeTimeFormat::new(&languages(language), &options);
    format.format(count, unit).into()
}

fn absolute(language: Language, moment: Timestamp, date_style: &str) -> String {
    let options = options(&[("dateStyle", date_style), ("timeStyle", "short")]);
    written(language, moment, &options)
}

fn written(language: Language, moment: Timestamp, options: &Object) -> String {
    let date = Date::new(&millis(moment).into());
    date.to_locale_string(&language.region(), options).into()
}

/// The largest unit that leaves a whole number of at least one, truncated: "in 2 hours" until it is less than that.
fn step(distance: f64) -> (f64, &'static str) {
    let away = distance.abs();
    let (length, unit) = match away {
        _ if away >= DAY => (DAY, "day"),
        _ if away >= HOUR => (HOUR, "hour"),
        _ if away >= MINUTE => (MINUTE, "minute"),
        _ => (SECOND, "second"),
    };
    ((distance / length).trunc(), unit)
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of any real date fit in 53 bits")]
fn millis(moment: Timestamp) -> f64 {
    moment.millis() as f64
}

fn languages(language: Language) -> Array {
    Array::of1(&language.region().into())
}

fn options(pairs: &[(&str, &str)]) -> Object {
    let object = Object::new();
    for (name, value) in pairs {
        let _ = Reflect::set(&object, &(*name).into(), &(*value).into());
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_in_utc_is_a_day() {
        let is_day = |text: &str| is_day(text.parse().unwrap());
        assert!(is_day("2026-11-28T00:00:00.000Z") && is_day("1969-12-31T00:00:00.000Z"));
        assert!(!is_day("2026-11-28T00:00:00.001Z") && !is_day("2026-11-27T23:00:00.000Z"));
    }

    #[test]
    fn distances_are_counted_in_the_largest_whole_unit() {
        assert_eq!(step(84.9 * DAY), (84.0, "day"));
        assert_eq!(step(-2.5 * HOUR), (-2.0, "hour"));
        assert_eq!(step(59.0 * SECOND), (59.0, "second"));
    }
}
