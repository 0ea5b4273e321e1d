use api::Timestamp;
use microsoft::Refusal;

use super::{Authentication, Pause};

/// A refresh token's life at Entra, in milliseconds: 90 days from its last renewal (Microsoft: refresh-tokens).
pub const REFRESH_TOKEN_LIFE_MS: i64 = 90 * 24 * 3600 * 1000;

/// Renew after a send unless the last renewal is younger than this, in milliseconds (`RENEW_AFTER_SECONDS` sets it).
pub const DEFAULT_RENEW_AFTER_MS: i64 = 15 * 60 * 1000;

/// An access token this close to its end is not begun a send with, in milliseconds: longer than a send may take.
const ACCESS_TOKEN_MARGIN_MS: i64 = 2 * 60 * 1000;

/// A mailbox's refresh token goes to KV at most this often, in milliseconds: the free plan has 1,000 KV writes a day.
pub const KV_PUT_EVERY_MS: i64 = 6 * 3600 * 1000;

/// A silent mailbox renews itself after this, in milliseconds, unless `KEEPALIVE_SECONDS` says otherwise: a third of the
/// 90 days, so that two more thirds remain for trying again.
pub const DEFAULT_KEEPALIVE_MS: i64 = REFRESH_TOKEN_LIFE_MS / 3;

/// Something that only a person can mend is looked at again this often, in milliseconds: it may have been mended, at
/// Microsoft, without anybody telling us.
const TROUBLE_RETRY_MS: i64 = 3600 * 1000;

/// First pause after a renewal that failed for a passing reason, in milliseconds.
const PAUSE_FIRST_MS: i64 = 2_000;
/// Longest pause, in milliseconds: mail waits behind it.
const PAUSE_MAX_MS: i64 = 5 * 60 * 1000;

/// Until when a refresh token renewed at `renewed_at` is good if nothing is sent.
#[must_use]
pub fn good_until(renewed_at: Timestamp) -> Timestamp {
    renewed_at.plus_millis(REFRESH_TOKEN_LIFE_MS)
}

/// Whether a send may begin with an access token. One with a short life (Entra lets a tenant set ten minutes) is used for
/// half of it at least, or a fresh one would never do.
#[must_use]
pub fn access_token_usable(issued_at: Timestamp, valid_until: Timestamp, now: Timestamp) -> bool {
    let margin_ms = ACCESS_TOKEN_MARGIN_MS.min(valid_until.since(issued_at) / 2);
    valid_until.since(now) > margin_ms
}

/// Whether to renew after a hand-over: every send renews, and a burst shares one renewal.
#[must_use]
pub fn renewal_due(renewed_at: Timestamp, now: Timestamp, renew_after_ms: i64) -> bool {
    now.since(renewed_at) >= renew_after_ms
}

/// When a mailbox that sends nothing renews by its own alarm; `jitter` is any number that stays the same for one mailbox,
/// so that mailboxes connected on one day don't all renew in one minute.
#[must_use]
pub fn keepalive_at(renewed_at: Timestamp, keepalive_ms: i64, jitter: u32) -> Timestamp {
    let spread_ms = (keepalive_ms / 15).max(1);
    renewed_at.plus_millis(keepalive_ms + i64::from(jitter) % spread_ms)
}

/// When the mailbox's alarm renews next, whatever else happens; never when only a person can make it work again.
#[must_use]
pub fn next_renewal(authentication: &Authentication, keepalive_ms: i64, jitter: u32) -> Option<Timestamp> {
    let at = match &authentication.trouble {
        Some(trouble) if trouble.ends_the_tokens() => return None,
        Some(trouble) => trouble.tried_at.plus_millis(TROUBLE_RETRY_MS + i64::from(jitter) % 60_000),
        None => keepalive_at(authentication.renewed_at, keepalive_ms, jitter),
    };
    Some(authentication.pause.as_ref().map_or(at, |pause| at.max(pause.until)))
}

impl Pause {
    /// How long to leave Microsoft alone after a renewal failed for a reason that passes: 2 s, 4 s, 8 s … at most five
    /// minutes, or as long as they ask for; `jitter` is any random number. A loop of requests would itself be refused
    /// (AADSTS50196).
    #[must_use]
    pub fn after(refusal: &Refusal, before: Option<&Self>, now: Timestamp, jitter: u32) -> Self {
        let failures = before.map_or(0, |before| before.failures).saturating_add(1);
        let doubled_ms =
            PAUSE_FIRST_MS.saturating_mul(1 << failures.saturating_sub(1).min(20)).min(PAUSE_MAX_MS);
        let wait_ms = doubled_ms + i64::from(jitter) % (doubled_ms / 4);
        let until = now.plus_millis(wait_ms.max(refusal.retry_after_ms.unwrap_or_default()));
        Self { until, failures, code: refusal.code, detail: refusal.detail.clone() }
    }

    /// What to answer instead of asking, as long as it lasts.
    #[must_use]
    pub fn refusal(&self, now: Timestamp) -> Option<Refusal> {
        let left_ms = self.until.since(now);
        (left_ms > 0).then(|| Refusal {
            retry_after_ms: Some(left_ms),
            ..Refusal::new(self.code, self.detail.clone())
        })
    }
}

#[cfg(test)]
mod tests {
    use api::Code;
    use proptest::prelude::*;

    use super::super::Trouble;
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_459_200_000);

    #[test]
    fn a_burst_shares_a_renewal() {
        let due = |age_ms: i64| renewal_due(NOW.plus_millis(-age_ms), NOW, DEFAULT_RENEW_AFTER_MS);
        assert!(!due(0) && !due(DEFAULT_RENEW_AFTER_MS - 1) && due(DEFAULT_RENEW_AFTER_MS));
    }

    #[test]
    fn a_token_near_its_end_is_not_begun_with() {
        let issued_at = NOW.plus_millis(-3_600_000);
        let usable = |left_ms: i64| access_token_usable(issued_at, NOW.plus_millis(left_ms), NOW);
        assert!(usable(ACCESS_TOKEN_MARGIN_MS + 1) && !usable(ACCESS_TOKEN_MARGIN_MS) && !usable(-1));
    }

    #[test]
    fn a_fresh_token_is_always_begun_with() {
        for life_ms in [1_000, 60_000, 120_000, 600_000] {
            let until = NOW.plus_millis(life_ms);
            assert!(access_token_usable(NOW, until, NOW) && !access_token_usable(NOW, until, until));
        }
    }

    fn authentication() -> Authentication {
        let stored = serde_json::json!({
            "tenant_id": "t", "object_id": "o", "account": {"address": "a@b.nl"}, "scopes": [],
            "authenticated_at": NOW, "renewed_at": NOW, "number": 1, "refresh": {"number": 1, "sealed": "s"},
        });
        serde_json::from_value(stored).unwrap()
    }

    fn refused(code: Code, retry_after_ms: Option<i64>) -> Refusal {
        Refusal { retry_after_ms, ..Refusal::new(code, "") }
    }

    #[test]
    fn what_only_a_person_can_mend_is_not_asked_in_a_loop() {
        let next = |code| {
            let trouble = Some(Trouble::after(&refused(code, None), None, NOW));
            next_renewal(&Authentication { trouble, ..authentication() }, DEFAULT_KEEPALIVE_MS, 0)
        };
        assert_eq!(next(Code::SignInAgain), None);
        assert_eq!(next(Code::RegistrationBroken), Some(NOW.plus_millis(TROUBLE_RETRY_MS)));
        assert_eq!(next(Code::AdministratorNeeded), Some(NOW.plus_millis(TROUBLE_RETRY_MS)));
    }

    #[test]
    fn a_pause_grows_and_obeys_microsoft() {
        let away = refused(Code::MicrosoftUnavailable, None);
        let mut pause = Pause::after(&away, None, NOW, 0);
        assert_eq!(pause.until, NOW.plus_millis(2_000));
        for _ in 0..30 {
            pause = Pause::after(&away, Some(&pause), NOW, 0);
        }
        assert_eq!(pause.until, NOW.plus_millis(PAUSE_MAX_MS));
        let asked = Pause::after(&refused(Code::Throttled, Some(900_000)), Some(&pause), NOW, 0);
        assert_eq!(asked.until, NOW.plus_millis(900_000));
        let told = asked.refusal(NOW.plus_millis(400_000)).unwrap();
        assert_eq!((told.code, told.retry_after_ms), (Code::Throttled, Some(500_000)));
        assert_eq!(asked.refusal(NOW.plus_millis(900_000)), None);
    }

    #[test]
    fn an_alarm_waits_for_the_pause() {
        let long_ago = NOW.plus_millis(-2 * DEFAULT_KEEPALIVE_MS);
        let pause = Some(Pause::after(&refused(Code::MicrosoftUnavailable, None), None, NOW, 0));
        let overdue = Authentication { renewed_at: long_ago, pause, ..authentication() };
        assert_eq!(next_renewal(&overdue, DEFAULT_KEEPALIVE_MS, 0), Some(NOW.plus_millis(2_000)));
    }

    proptest! {
        #[test]
        fn a_silent_mailbox_renews_long_before_its_end(jitter: u32) {
            let at = keepalive_at(NOW, DEFAULT_KEEPALIVE_MS, jitter);
            prop_assert!(at >= NOW.plus_millis(DEFAULT_KEEPALIVE_MS));
            prop_assert!(good_until(NOW).since(at) > 50 * 24 * 3600 * 1000);
        }

        #[test]
        fn ninety_days_of_outage_still_leave_tries(jitter: u32) {
            // From the first keepalive on, login is away: the pauses must leave room for thousands of tries.
            let mut now = keepalive_at(NOW, DEFAULT_KEEPALIVE_MS, jitter);
            let mut record = authentication();
            for _ in 0..5_000 {
                let away = refused(Code::MicrosoftUnavailable, None);
                record.pause = Some(Pause::after(&away, record.pause.as_ref(), now, jitter));
                let next = next_renewal(&record, DEFAULT_KEEPALIVE_MS, jitter).unwrap();
                prop_assert!(next > now);
                now = next;
            }
            prop_assert!(now < good_until(NOW));
        }
    }
}
