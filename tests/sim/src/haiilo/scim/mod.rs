//! SCIM 2.0 as such (RFC 7643, RFC 7644): paths, filters, patches, pages, schemas, and a store of accounts.
//!
//! It knows how servers differ and nothing of what one product makes of its users.

pub(crate) mod diff;
pub(crate) mod discovery;
pub(crate) mod filter;
pub(crate) mod membership;
pub(crate) mod page;
pub(crate) mod patch;
pub(crate) mod path;
pub(crate) mod refusal;
pub(crate) mod render;
pub(crate) mod schema;
pub(crate) mod store;
pub(crate) mod text;
