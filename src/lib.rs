//! Keeps the users of Haiilo equal to the people who are assigned to the Haiilo application in Okta.
//!
//! One cycle, from the bottom up:
//!
//! - [`domain`] is a crate of its own, and pure: people, accounts, the mapping between them, the plan, leavers, limits. It knows neither
//!   time nor network.
//! - [`ports`] says what a cycle asks of its adapters; reading and writing are different traits, so a dry run has nothing to write with.
//! - [`okta`], [`haiilo`] and [`store`] are the adapters; none of them knows another. [`http`] is the one place that sends, [`clock`] the
//!   one that reads the time.
//! - [`engine`] runs the cycle: collect, map, correlate, plan, check the limits, apply, record. Groups of the intranet come after people,
//!   with a plan and limits of their own ([`domain::groups`], `engine::groups`): trouble with them stops nobody.
//! - [`report`] makes texts of it, [`config`] reads what an administrator wrote, [`daemon`] knows the schedule, and [`cli`] is the one
//!   place that prints.
//!
//! # Where the rules live
//!
//! Tests are named after these rules: `invariant_05_…` is about the fifth.
//!
//! 1. Complete or nothing: [`domain::listing::snapshot`].
//! 2. A dry run cannot write: [`ports`], [`store::ReadStore`].
//! 3. Only what is ours is touched: [`domain::planning::correlate`], [`domain::model::policy::Protected`].
//! 4. Held, not absent: [`domain::plan::hold`], [`domain::planning::correlate`].
//! 5. A leaver loses the account last, on independent evidence: [`domain::plan::evidence`], [`domain::planning::leaver_decision`], `engine::evidence`.
//! 6. A link names a person: [`domain::planning::correlate`], `engine::executor`.
//! 7. The store knows its tenants: [`engine`], [`store`].
//! 8. Written down before it is done: `engine::executor`, [`domain::state::journal`].
//! 9. Signs of a bad source stop the run: [`domain::planning::limits`].
//! 10. Never twice: `engine::executor`.
//! 11. It converges, and a value that is not kept is rejected: [`domain::planning::diff`], `engine::executor`.
//! 12. The first of a kind goes alone: `engine::executor`.
//! 13. The same input gives the same plan, in whatever order it came: [`domain::plan::order`].
//! 14. No secret and no personal data in logs: the `Debug` forms of [`domain`] and [`http`].

pub use okta_haiilo_domain as domain;

pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod engine;
pub mod haiilo;
pub mod http;
pub mod okta;
pub mod ports;
pub mod report;
pub mod store;
