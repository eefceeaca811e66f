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

    use chrono::{DateTime, Utc};

    use super::{Token, TokenLifetime, TokenSource, renew_at};
    use crate::clock::Clock;

    /// A clock that is fixed at this time.
    struct At(u64);

    impl Clock for At {
        fn now(&self) -> DateTime<Utc> {
            DateTime::UNIX_EPOCH
        }

        fn monotonic(&self) -> Duration {
            Duration::from_secs(self.0)
        }

        async fn sleep(&self, _: Duration) {}
    }

    fn token(body: &str) -> Result<Token, Option<serde_json::Error>> {
        let lifetime = TokenLifetime { default: 600, margin: Duration::from_mins(1) };
        let scheme = |token_type: &str| (token_type != "mac").then_some("Bearer");
        Token::read(body.as_bytes(), Duration::from_secs(100), lifetime, scheme)
    }

    #[test]
    fn a_response_is_read_leniently() {
        let check = |body: &str, renew_at| {
            let token = token(body).expect("a token");
            assert_eq!((token.header().as_bytes(), token.renew_at.as_secs()), (&b"Bearer a"[..], renew_at), "{body}");
        };
        check(r#"{"access_token": "a", "token_type": "bearer", "expires_in": 300, "scope": "x"}"#, 340);
        check(r#"{"access_token": "a", "expires_in": "300"}"#, 340);
        check(r#"{"access_token": "a", "token_type": null, "expires_in": null}"#, 640);
        check(r#"{"access_token": "a", "expires_in": {}}"#, 640);
        for body in ["", "{}", r#"{"access_token": 7}"#, r#"{"access_token": "a\n"}"#] {
            assert!(token(body).is_err(), "{body}");
        }
        assert!(token(r#"{"access_token": "a", "token_type": "mac"}"#).expect_err("no scheme").is_none());
    }

    #[tokio::test]
    async fn a_token_is_asked_for_when_it_is_needed() {
        let source = TokenSource::default();
        let take = async |now: u64, rejected: Option<&Token>, new: &str| {
            let new = token(&format!("{{\"access_token\": \"{new}\"}}")).map_err(|_| "no token");
            source.token(&At(now), rejected, || async { new }).await.map(|token| token.secret().to_owned())
        };
        let rejected = token(r#"{"access_token": "first"}"#).expect("a token");
        assert_eq!(take(100, None, "first").await.as_deref(), Ok("first"));
        assert_eq!(take(639, None, "second").await.as_deref(), Ok("first"));
        assert_eq!(take(639, Some(&rejected), "second").await.as_deref(), Ok("second"));
        assert_eq!(take(639, Some(&rejected), "third").await.as_deref(), Ok("second"));
        assert_eq!(take(640, None, "third").await.as_deref(), Ok("third"));
        // A failed request keeps nothing.
        assert_eq!(take(640, None, "\n").await, Err("no token"));
        assert_eq!(take(640, None, "fourth").await.as_deref(), Ok("fourth"));
    }

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
