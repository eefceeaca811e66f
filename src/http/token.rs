//! Access tokens of OAuth 2.0 (RFC 6749, section 5): asked for when needed, kept until shortly before they expire.
//!
//! A [`TokenSource`] keeps one token. The adapter passes it the request for a new one, which is sent only when the kept token expires soon
//! or the API rejected it; callers that need a token meanwhile wait for that one request.

use std::time::Duration;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::http::client::secret_header;
use crate::http::json::Lenient;

/// The longest lifetime that is believed, in seconds: a day.
const LONGEST_LIFETIME: u64 = 86_400;

/// How long the tokens of an API are used.
#[derive(Clone, Copy, Debug)]
pub struct TokenLifetime {
    /// The lifetime of a token whose response names none, in seconds.
    pub default: u64,
    /// How long before its expiry a token is renewed.
    pub margin: Duration,
}

/// An access token.
#[derive(Clone, Debug)]
pub struct Token {
    secret: SecretString,
    header: HeaderValue,
    /// In the time of the monotonic clock.
    renew_at: Duration,
}

/// An access token response.
#[derive(Deserialize)]
struct TokenResponse {
    access_token: SecretString,
    #[serde(default)]
    token_type: Lenient,
    #[serde(default)]
    expires_in: Lenient,
}

impl Token {
    /// Reads the response to a request of this time. `scheme` names the authentication scheme of a token type, if the API may use it.
    pub fn read(
        body: &[u8],
        asked_at: Duration,
        lifetime: TokenLifetime,
        scheme: fn(&str) -> Option<&'static str>,
    ) -> Result<Self, Option<serde_json::Error>> {
        let TokenResponse { access_token: secret, token_type, expires_in } = serde_json::from_slice(body)?;
        let scheme = scheme(token_type.text().unwrap_or_default()).ok_or(None)?;
        let header = secret_header(&format!("{scheme} {}", secret.expose_secret())).ok_or(None)?;
        let seconds = expires_in.whole_number().unwrap_or(lifetime.default);
        Ok(Self { secret, header, renew_at: renew_at(asked_at, seconds, lifetime.margin) })
    }

    /// The value of the header `Authorization`.
    pub fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// The token itself.
    pub fn secret(&self) -> &str {
        self.secret.expose_secret()
    }
}

/// When to renew a token that was asked for at this time: a margin before it expires, but not before half of its lifetime, because
/// else each call would ask for a new one.
fn renew_at(asked_at: Duration, lifetime_seconds: u64, margin: Duration) -> Duration {
    let lifetime = Duration::from_secs(lifetime_seconds.min(LONGEST_LIFETIME));
    asked_at + lifetime.saturating_sub(margin).max(lifetime / 2)
}

/// Keeps one access token.
#[derive(Debug, Default)]
pub struct TokenSource {
    /// Locked during a renewal, so one renewal is in flight at a time.
    kept: Mutex<Option<Token>>,
}

impl TokenSource {
    /// The kept token, or the one that `request` returns where the kept one expires soon or is the one that the API rejected.
    pub async fn token<E, F: Future<Output = Result<Token, E>>>(
        &self,
        clock: &impl Clock,
        rejected: Option<&Token>,
        request: impl FnOnce() -> F,
    ) -> Result<Token, E> {
        let mut kept = self.kept.lock().await;
        let is_good = |token: &&Token| {
            token.renew_at > clock.monotonic() && rejected.is_none_or(|rejected| rejected.header != token.header)
        };
        if let Some(token) = kept.as_ref().filter(is_good) {
            return Ok(token.clone());
        }
        // Renewals are rare and their futures large: each request would carry the size of one.
        let token = Box::pin(request()).await?;
        *kept = Some(token.clone());
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::renew_at;

    #[test]
    fn a_token_is_renewed_before_its_end_and_a_short_one_after_half_of_it() {
        let check = |life, expected: u64| {
            let at = renew_at(Duration::from_secs(100), life, Duration::from_mins(5));
            assert_eq!(at, Duration::from_secs(100 + expected), "{life}");
        };
        check(3_600, 3_300);
        check(400, 200);
        check(60, 30);
        check(0, 0);
        check(u64::MAX, 86_400 - 300);
    }
}
