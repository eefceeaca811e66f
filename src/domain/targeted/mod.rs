//! A targeted cycle: a few people who were each read by id, without a full listing.
//!
//! `log_events` says whom Okta's System Log names, `baseline` what the last full cycle knew of everyone else, and `plan` what can be settled
//! without seeing everyone. The rest is left to the next full cycle.

pub mod baseline;
pub mod log_events;
pub mod plan;
