//! Haiilo's side: accounts through its SCIM 2.0 endpoint.
//!
//! Implements the ports of accounts. Knows nothing of Okta, the store or the engine.

mod dialect;
mod wire;

pub use wire::Shape;
