//! The values of a plan: operations, holds, leavers, and what the store should remember. Nothing here decides.
//!
//! `planning` and `groups` fill these values, the engine applies them, reports show them, and the journal keeps them.

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
