//! The values of a plan. Nothing here decides: `planning` and `groups` fill these values, the engine applies them, reports show them, and the
//! journal keeps them.
//!
//! - `cycle_plan` is the whole plan of a cycle: `Plan` about people, and `group_plan` about groups. `order` puts both in order.
//! - `operation` and `group_operation` are what will be sent; `outcome` is how one ended, and what the store keeps of it.
//! - `hold` says why nothing is done about a person or a group, and what an administrator can do: the wording is there.
//! - `evidence` says what Okta's answers about a person mean, `leaver` what becomes of the account of a person who left.
//! - `warning` is what an administrator should know besides; `sync_state_update` is what the store should remember.

pub mod cycle_plan;
pub mod evidence;
pub mod group_operation;
pub mod group_plan;
pub mod hold;
pub mod leaver;
pub mod operation;
pub mod order;
pub mod outcome;
pub mod sync_state_update;
pub mod warning;
