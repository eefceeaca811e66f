//! The only place that sends. Knows HTTP and nothing of either product.

mod client;
mod concurrency;
mod count;
mod error;
pub mod json;
mod lease;
mod rate;
mod retry;
mod window;

pub use client::{AUTHORIZATION, Answer, HttpClient, HttpOptions, Request, secret_header};
pub use concurrency::{ConcurrencyLimiter, LimiterUsage, Permit, RequestOutcome};
pub use count::count;
pub use error::{HttpSetupError, TransportError, TransportKind};
pub use lease::renew_at;
pub use rate::RateBudget;
pub use reqwest::Method;
pub use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
pub use retry::{Repeatable, RetryDecision, RetryPolicy, decide, jitter};
pub use window::{RequestWindow, Wait, length};
