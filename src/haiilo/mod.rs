//! Haiilo: accounts and groups through its SCIM 2.0 endpoint.
//!
//! - `accounts` and `groups` implement the ports that read and write: [`HaiiloReader`] is all that a dry run has, [`HaiiloWriter`] writes.
//! - `client` sends their requests: authorized with the `credentials`, limited in number, sent again where that is safe.
//! - `dialect` makes the bodies of writes. `wire` and `group_wire` read what comes back, and `error` says what a refusal means and what to
//!   do about it.
//! - `probe` reads what only `check` needs.
//!
//! Knows nothing of Okta, the store or the engine.

mod accounts;
mod client;
mod credentials;
mod dialect;
mod error;
mod group_wire;
mod groups;
mod probe;
mod wire;

pub use accounts::{HaiiloReader, HaiiloWriter, TokenError};
pub use dialect::create_body;
pub use probe::ProviderConfig;
pub use wire::Shape;
