//! A targeted cycle: a few people who were each read by id, without a full listing.
//!
//! `log_events` says which people Okta's System Log names, `baseline` what the last full cycle knew of all other people, and `plan` what
//! can be settled without reading all people. The rest is left to the next full cycle.

pub mod baseline;
pub mod log_events;
pub mod plan;
