//! Okta's side: assignments through the Apps and Users API.
//!
//! Implements the port of assignments. Knows nothing of Haiilo, the store or the engine.

mod auth;
mod client;
mod dpop;
mod error;
mod groups;
mod key;
mod link;
mod log;
mod probe;
mod rate_limiter;
mod schema;
mod search;
mod token;
mod wire;

pub use client::OktaClient;
pub use error::SetupError;
pub use probe::OktaProbe;
pub use schema::{ProfileAttributes, ProfileSchemas};
pub use search::UserMatch;
pub use wire::read_rows;
