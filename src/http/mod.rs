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
pub use gate::{Gate, Passage, Permit};
pub use lease::renew_at;
pub use rate::Budget;
pub use reqwest::Method;
pub use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
pub use retry::{Decision, Policy, Repeatable, decide, jitter};
pub use spread::{Spread, Wait, length};
pub use width::Came;
