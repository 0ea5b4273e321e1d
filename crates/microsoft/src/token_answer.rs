use std::time::Duration;

use oauth2::basic::BasicTokenType;
use oauth2::{AccessToken, RefreshToken, Scope, TokenResponse};
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::Tokens;

/// The body of Entra's answer (Microsoft: v2-oauth2-auth-code-flow, "Successful response").
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EntraTokens {
    access_token: AccessToken,
    #[serde(deserialize_with = "oauth2::helpers::deserialize_untagged_enum_case_insensitive")]
    token_type: BasicTokenType,
    #[serde(default, deserialize_with = "number_or_text")]
    expires_in: i64,
    #[serde(default)]
    refresh_token: Option<RefreshToken>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    id_token: Option<String>,
}

impl EntraTokens {
    pub(crate) fn into_tokens(self) -> Tokens {
        Tokens {
            access: self.access_token,
            expires_in_seconds: self.expires_in.max(0),
            refresh: self.refresh_token,
            scopes: self.scope.split_ascii_whitespace().map(str::to_owned).collect(),
            id_token: self.id_token,
        }
    }
}

impl TokenResponse for EntraTokens {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        u64::try_from(self.expires_in).ok().map(Duration::from_secs)
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None // kept as text: Entra's names are URLs, compared by `scopes::missing`
    }
}

/// Entra has written `expires_in` as a number and as a text.
fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum NumberOrText {
        Number(i64),
        Text(String),
    }
    match NumberOrText::deserialize(deserializer)? {
        NumberOrText::Number(number) => Ok(number),
        NumberOrText::Text(text) => text.parse().map_err(de::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_is_ever_printed() {
        let answer = r#"{"token_type":"bearer","scope":"email","expires_in":"3599","access_token":"at",
            "refresh_token":"rt","id_token":"it"}"#;
        let tokens: EntraTokens = serde_json::from_str(answer).unwrap();
        assert_eq!(tokens.expires_in, 3599);
        let printed = format!("{:?}", EntraTokens { id_token: None, ..tokens }.into_tokens());
        assert!(!printed.contains("\"at\"") && !printed.contains("\"rt\""), "{printed}");
    }
}
