//! How the program uses the APIs of Okta and Haiilo, and what it does when a server behaves differently.
//!
//! `okta` tests credentials, proofs of possession, paging and odd answers of Okta. `haiilo_listing` tests the list of accounts, `haiilo_writes`
//! tests creates, updates and deletes, `haiilo_intranet` tests what the intranet does differently from Advocacy. `lost_answers` tests writes
//! without an answer and accounts that exist already. `rate_limits` tests how fast the program asks.

mod haiilo_intranet;
mod haiilo_listing;
mod haiilo_writes;
mod lost_answers;
pub(crate) mod okta;
mod rate_limits;
