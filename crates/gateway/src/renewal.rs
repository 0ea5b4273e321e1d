use api::Timestamp;

/// A refresh token's life at Entra, in milliseconds: 90 days from its last renewal (Microsoft: refresh-tokens).
pub const REFRESH_TOKEN_LIFE_MS: i64 = 90 * 24 * 3600 * 1000;

/// Renew after a send unless the last renewal is younger than this, in milliseconds (`RENEW_AFTER_SECONDS` sets it).
pub const DEFAULT_RENEW_AFTER_MS: i64 = 15 * 60 * 1000;

/// An access token this close to its end is not begun a send with, in milliseconds: longer than a send may take.
pub const ACCESS_TOKEN_MARGIN_MS: i64 = 2 * 60 * 1000;

/// A mailbox's refresh token goes to KV at most this often, in milliseconds: the free plan has 1,000 KV writes a day.
pub const KV_PUT_EVERY_MS: i64 = 6 * 3600 * 1000;

/// A silent mailbox renews itself after this, in milliseconds: a third of the 90 days, so that two more tries remain.
const KEEPALIVE_AFTER_MS: i64 = REFRESH_TOKEN_LIFE_MS / 3;
/// Spread of the keepalive, in milliseconds, so that mailboxes connected on one day don't renew in one minute.
const KEEPALIVE_JITTER_MS: i64 = 2 * 24 * 3600 * 1000;

/// Until when a refresh token renewed at `renewed_at` is good if nothing is sent.
#[must_use]
pub fn good_until(renewed_at: Timestamp) -> Timestamp {
    renewed_at.plus_millis(REFRESH_TOKEN_LIFE_MS)
}

/// Whether a send may begin with an access token that is valid until then.
#[must_use]
pub fn access_token_usable(valid_until: Timestamp, now: Timestamp) -> bool {
    valid_until.since(now) > ACCESS_TOKEN_MARGIN_MS
}

/// Whether to renew after a hand-over: every send renews, and a burst shares one renewal.
#[must_use]
pub fn renewal_due(renewed_at: Timestamp, now: Timestamp, renew_after_ms: i64) -> bool {
    now.since(renewed_at) >= renew_after_ms
}

/// When a mailbox that sends nothing renews by its own alarm; `jitter` is any random number.
#[must_use]
pub fn keepalive_at(renewed_at: Timestamp, jitter: u32) -> Timestamp {
    renewed_at.plus_millis(KEEPALIVE_AFTER_MS + i64::from(jitter) % KEEPALIVE_JITTER_MS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_459_200_000);

    #[test]
    fn a_burst_shares_a_renewal() {
        let due = |age_ms: i64| renewal_due(NOW.plus_millis(-age_ms), NOW, DEFAULT_RENEW_AFTER_MS);
        assert!(!due(0) && !due(DEFAULT_RENEW_AFTER_MS - 1) && due(DEFAULT_RENEW_AFTER_MS));
    }

    #[test]
    fn a_token_near_its_end_is_not_begun_with() {
        let usable = |left_ms: i64| access_token_usable(NOW.plus_millis(left_ms), NOW);
        assert!(usable(ACCESS_TOKEN_MARGIN_MS + 1) && !usable(ACCESS_TOKEN_MARGIN_MS) && !usable(-1));
    }

    proptest! {
        #[test]
        fn a_silent_mailbox_renews_long_before_its_end(jitter: u32) {
            let at = keepalive_at(NOW, jitter);
            prop_assert!(at > NOW.plus_millis(KEEPALIVE_AFTER_MS - 1));
            prop_assert!(good_until(NOW).since(at) > 50 * 24 * 3600 * 1000);
        }
    }
}
