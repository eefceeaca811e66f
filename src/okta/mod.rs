//! Okta: who is assigned to the application, in which groups they are, and what changed.
//!
//! - `assignments`, `groups` and `log` implement the ports of sources: each is a set of reads by [`OktaClient`], and only reads exist.
//! - `client` sends a read: it waits in the `rate_limiter`, authorizes with the `credentials`, and follows the links of a listing where
//!   `link` permits it. A service app (`service_app`, `key`, `dpop`) asks for its access tokens itself.
//! - `wire` reads rows of assignments from a body in one pass, and `error` says what a refusal means and what to do about it.
//! - `probe` reads what only `check` and `init` need.
//!
//! Knows nothing of Haiilo, the store or the engine.

mod assignments;
mod client;
mod credentials;
mod dpop;
mod error;
mod groups;
mod key;
mod link;
mod log;
mod probe;
mod rate_limiter;
mod service_app;
mod wire;

pub use client::OktaClient;
pub use error::SetupError;
pub use probe::{OktaProbe, ProfileAttributes, ProfileSchemas, UserMatch};
pub use wire::read_rows;
