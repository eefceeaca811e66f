//! The only place that sends. Knows HTTP and nothing of either product.

mod client;
mod count;
mod error;
mod gate;
mod lease;
mod rate;
mod retry;
mod spread;
mod width;

pub use client::{AUTHORIZATION, Answer, HttpClient, HttpOptions, Request, json_text, secret_header};
pub use count::count;
pub use error::{HttpSetupError, TransportError, TransportKind};
pub use gate::{ConcurrencyLimiter, LimiterUsage, Permit};
pub use lease::renew_at;
pub use rate::RateBudget;
pub use reqwest::Method;
pub use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
pub use retry::{Repeatable, RetryDecision, RetryPolicy, decide, jitter};
pub use spread::{RequestWindow, Wait, length};
pub use width::RequestOutcome;
