//! The basic types: people and groups of Okta, accounts and groups of Haiilo, the links between them, and the administrator's settings.
//!
//! Adapters build these values from a server's answer or from a file. Modules above read them. No type here decides about another person or
//! account.

pub mod account;
pub mod assignment;
pub mod group;
pub mod ids;
pub(crate) mod key_index;
pub mod limit;
pub mod link;
pub mod person;
pub mod policy;
pub mod target;
pub mod usage;
pub mod word;
