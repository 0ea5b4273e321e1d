//! Message sizes, which people read and type in megabytes of 1024 × 1024 bytes, as mail programs count.

use crate::i18n::Locale;

const MEGABYTE: u64 = 1024 * 1024;
const HUNDREDTH: u64 = MEGABYTE / 100;

/// Below this no mail with a sentence and a signature fits.
pub(crate) const MIN_BYTES: u64 = HUNDREDTH * 10;

/// `5`, `2,5`, `2.75`: at most two decimals, none that are zero.
pub(crate) fn megabytes(bytes: u64, locale: Locale) -> String {
    let hundredths = (u128::from(bytes) * 100 + u128::from(MEGABYTE / 2)) / u128::from(MEGABYTE);
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    let mark = match locale {
        Locale::nl => ',',
        Locale::en => '.',
    };
    match rest {
        0 => whole.to_string(),
        tenths if tenths % 10 == 0 => format!("{whole}{mark}{}", tenths / 10),
        hundredths => format!("{whole}{mark}{hundredths:02}"),
    }
}

/// What somebody typed: comma or point, with or without the unit.
pub(crate) fn bytes(typed: &str) -> Option<u64> {
    let typed = typed.trim().trim_end_matches(['B', 'b']).trim_end_matches(['M', 'm']).trim_end();
    let (whole, decimals) = typed.split_once([',', '.']).unwrap_or((typed, ""));
    let digits = |text: &str| text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(decimals) {
        return None;
    }
    let thousandths: u64 = format!("{decimals:0<3}").get(..3)?.parse().ok()?;
    Some(whole.parse::<u64>().ok()? * MEGABYTE + (thousandths * MEGABYTE + 500) / 1000)
}

/// Whether two sizes read the same.
pub(crate) fn same(one: u64, other: u64) -> bool {
    megabytes(one, Locale::en) == megabytes(other, Locale::en)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_the_language_does() {
        assert_eq!(megabytes(5 * MEGABYTE, Locale::nl), "5");
        assert_eq!(megabytes(5 * MEGABYTE / 2, Locale::nl), "2,5");
        assert_eq!(megabytes(11 * MEGABYTE / 4, Locale::en), "2.75");
        assert_eq!(megabytes(MEGABYTE + HUNDREDTH, Locale::en), "1.01");
    }

    #[test]
    fn is_read_as_people_type() {
        assert_eq!(bytes(" 5 MB "), Some(5 * MEGABYTE));
        assert_eq!(bytes("2,5"), bytes("2.5"));
        assert_eq!(bytes("2.5"), Some(5 * MEGABYTE / 2));
        for text in ["", "veel", "-1", "1.2.3", "5 GB", ",5", "9999999"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        for hundredths in 0..20_000_u64 {
            let size = hundredths * MEGABYTE / 100;
            let back = bytes(&megabytes(size, Locale::nl)).unwrap();
            assert!(same(size, back), "{hundredths}");
        }
    }
}
