use api::Upstream;

/// Longest word of somebody's answer that is kept as it is, in characters. Host names, dates and request ids are shorter;
/// tokens and whole base64 lines are longer.
const WORD_CHARS_MAX: usize = 80;

/// What is kept and shown of somebody's words: the same, without anything that might be a secret. Some servers say back what
/// they were sent.
#[must_use]
pub fn masked(text: &str) -> String {
    let mut after_scheme = false;
    let words = text.split(' ').map(|word| {
        let is_secret = !word.is_empty() && (after_scheme || looks_secret(word));
        if !word.is_empty() {
            after_scheme = ["bearer", "basic"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
        }
        if is_secret { "[redacted]" } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The same for an answer.
#[must_use]
pub fn masked_upstream(upstream: Upstream) -> Upstream {
    Upstream { message: upstream.message.map(|message| masked(&message)), ..upstream }
}

/// A JSON web token begins with `{"` in base64url; any other token is known by its length alone.
fn looks_secret(word: &str) -> bool {
    let has_token = word.split(|c: char| !is_base64(c)).any(|run| {
        run.starts_with("eyJ") && run.chars().count() > 20 || run.chars().count() > WORD_CHARS_MAX
    });
    has_token || word.to_ascii_lowercase().contains("auth=bearer")
}

const fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=' | '.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn servers_words_stay_and_tokens_go() {
        for kept in [
            "554 5.2.252 SendAsDenied; a@b.nl not allowed to send as x@c.nl; STOREDRV.Submission.Exception:SendAsDeniedException.MapiException",
            "[Hostname=AM9PR04MB8211.eurprd04.prod.outlook.com 2026-11-23T18:40:00.123Z 08DE2AB1C3D4E5F6]",
            "request-id 6f1e1c1e-4c4b-4b5e-9d6e-0a1b2c3d4e5f",
            "",
            "two  spaces",
        ] {
            assert_eq!(masked(kept), kept);
        }
        let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQi.c2ln";
        for text in [
            format!("token {token}"),
            format!("Bearer {token}"),
            format!("got \"{token}\","),
            format!("user=a@b.nl\u{1}auth=Bearer {token}"),
        ] {
            assert!(!masked(&text).contains("eyJ0"), "{}", masked(&text));
        }
        assert_eq!(masked("Authorization: Bearer abc then"), "Authorization: Bearer [redacted] then");
    }

    proptest! {
        #[test]
        fn a_planted_token_never_stays(before in "[ -~]{0,20}", token in "[A-Za-z0-9_-]{81,300}", after in "[ -~]{0,20}") {
            let text = format!("{before}{token}{after}");
            prop_assert!(!masked(&text).contains(&token));
        }
    }
}
