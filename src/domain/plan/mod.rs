//! The values of a plan. Nothing here decides. `planning` and `groups` fill these values, the engine applies them, reports show them, and
//! the journal keeps them.
//!
//! - `cycle_plan` is the complete plan of a cycle: `Plan` about people, and `group_plan` about groups. `order` sorts both.
//! - `operation` and `group_operation` are what will be sent. `outcome` is the result of an operation, and what the store keeps of it.
//! - `hold` says why nothing is done about a person or a group, and what an administrator can do. The wording is there.
//! - `evidence` says what Okta's answers about a person mean. `leaver` says what happens to the account of a person who left.
//! - `warning` is what else an administrator should know. `sync_state_update` is what the store should remember.

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
