//! Haiilo's side: accounts through its SCIM 2.0 endpoint.
//!
//! Implements the ports of accounts. Knows nothing of Okta, the store or the engine.

mod access;
mod client;
mod dialect;
mod error;
mod group_wire;
mod groups;
mod probe;
mod wire;

pub use client::{HaiiloReader, HaiiloWriter, TokenError};
pub use dialect::create_body;
pub use probe::ProviderConfig;
pub use wire::Shape;
