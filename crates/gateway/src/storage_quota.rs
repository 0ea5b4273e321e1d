use api::{Code, FixBy, Problem, Timestamp};

const DAY_SECONDS: i64 = 24 * 3600;

/// Recognises that Cloudflare refused a storage operation because the installation has used up what it may: for today on the
/// free plan, else until the operator does something. Anything else is nothing.
///
/// The free plan refuses with `Exceeded allowed rows written in Durable Objects free tier.`, and likewise `rows read`,
/// `duration` and `volume of requests`, until 00:00 UTC (Cloudflare: Durable Objects pricing; the texts are seen, not
/// promised). A paid account has `Exceeded the account's spending cap for Durable Objects` (Spending limits), and a full
/// database is SQLite's `SQLITE_FULL`; both have no end that is known.
#[must_use]
pub fn storage_refusal(error_text: &str, now: Timestamp) -> Option<Problem> {
    let text = error_text.to_ascii_lowercase();
    let says = |piece: &str| text.contains(piece);
    if says("exceeded allowed") && says("free tier") {
        let seconds = u32::try_from(DAY_SECONDS - now.seconds().rem_euclid(DAY_SECONDS)).ok()?;
        let detail = format!("Cloudflare's free plan allows no more of this until 00:00 UTC: {error_text}");
        return Some(Problem::new(Code::StorageQuota, detail).with_retry_after(seconds));
    }
    let what = match () {
        () if says("spending cap for durable objects") => "the account's spending limit is reached",
        () if says("sqlite_full") || says("database or disk is full") => "the database is full",
        () => return None,
    };
    let detail = format!("{what}, and the operator has to make room: {error_text}");
    let mut problem = Problem::new(Code::StorageQuota, detail);
    problem.fix_by = FixBy::Operator;
    Some(problem)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // 18:40 UTC.
    const NOW: Timestamp = Timestamp::from_millis(1_795_459_200_000);

    #[test]
    fn the_free_plan_goes_on_at_midnight() {
        for what in ["rows written", "rows read", "duration", "volume of requests"] {
            let text = format!("Error: Exceeded allowed {what} in Durable Objects free tier.");
            let problem = storage_refusal(&text, NOW).unwrap();
            assert_eq!((problem.code, problem.fix_by), (Code::StorageQuota, FixBy::Time));
            assert_eq!(problem.retry_after, Some(5 * 3600 + 20 * 60));
            assert!(problem.detail.contains(what), "{}", problem.detail);
        }
    }

    #[test]
    fn a_full_database_is_the_operators_turn_and_has_no_end() {
        for text in [
            "database or disk is full: SQLITE_FULL",
            "SQLITE_FULL",
            "Exceeded the account's spending cap for Durable Objects",
        ] {
            let problem = storage_refusal(text, NOW).unwrap();
            assert_eq!((problem.code, problem.fix_by), (Code::StorageQuota, FixBy::Operator), "{text}");
            assert_eq!(problem.retry_after, None, "{text}");
        }
    }

    #[test]
    fn every_other_error_is_not_about_quotas() {
        for text in ["", "no such table: message: SQLITE_ERROR", "Exceeded CPU time limit", "Durable Objects"]
        {
            assert_eq!(storage_refusal(text, NOW), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_wait_ends_at_the_next_midnight(millis in 0_i64..i64::MAX / 2000) {
            let now = Timestamp::from_millis(millis);
            let text = "Exceeded allowed rows read in Durable Objects free tier.";
            let wait = i64::from(storage_refusal(text, now).unwrap().retry_after.unwrap());
            prop_assert!((1..=DAY_SECONDS).contains(&wait));
            prop_assert_eq!((now.seconds() + wait) % DAY_SECONDS, 0);
        }
    }
}
