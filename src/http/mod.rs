//! HTTP for both adapters: the only place that sends. It knows neither Okta nor Haiilo.
//!
//! - [`HttpClient`] sends one [`Request`] once and reads the [`Response`] whole.
//! - [`ApiClient`] sends the requests of an [`ApiCall`] until a result is accepted. An adapter implements `ApiCall`: it authorizes each
//!   attempt and reads from each result what it says about limits and credentials. `retry` decides about pauses.
//! - [`TokenSource`] keeps an access token, and renews it in time.
//! - [`RequestWindow`] paces requests by the rate limit that headers show ([`RateBudget`]). [`ConcurrencyLimiter`] bounds the requests in
//!   flight to a server that shows no limit.
//! - [`json`] reads bodies leniently, in one pass.

mod api_client;
mod client;
mod concurrency;
pub mod json;
mod rate;
mod retry;
mod token;
mod window;

pub use api_client::{ApiCall, ApiClient, Exchange};
pub use client::{
    HttpClient, HttpOptions, HttpSetupError, Request, Response, TransportError, TransportKind, secret_header,
};
pub use concurrency::{ConcurrencyLimiter, LimiterUsage, Permit, RequestOutcome};
pub use rate::RateBudget;
pub use reqwest::Method;
pub use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
pub use retry::{Repeatable, RetryDecision};
pub use token::{Token, TokenLifetime, TokenSource};
pub use window::{RequestWindow, Wait, length};
