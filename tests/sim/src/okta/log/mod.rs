//! The System Log: who writes into it, what it keeps, and how it is asked.
//!
//! `deeds` turns a change of the org into events, `events` keeps them in the order of persistence, and `query` answers `GET /api/v1/logs`
//! with those that `filter` lets pass.

pub(crate) mod deeds;
pub(crate) mod events;
pub(crate) mod filter;
pub(crate) mod query;
