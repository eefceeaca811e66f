//! The groups of a Haiilo intranet and their members.
//!
//! `membership` tests ordinary changes: groups are made, filled, renamed and emptied. `uncertain` tests that nobody is removed where a reading is
//! incomplete, `member_limit` tests `limits.members`, `failed_writes` tests writes that fail, `size` tests what large groups cost. `planner` checks
//! properties of the plan with random groups in memory. `program` runs the built program. `world` is the shared set-up.

mod failed_writes;
mod member_limit;
mod membership;
mod planner;
mod program;
mod size;
mod uncertain;
mod world;
