//! The executor: sends the operations of a plan about people, and writes each of them down before and after.
//!
//! In: a plan that the limits let through. Out: one conclusion for each operation, and the reasons why the run stopped early. Adoptions come
//! first, then activations, updates, creates, and last deactivations and deletes.

pub(super) mod activate;
pub(super) mod apply;
pub(super) mod canary;
pub(super) mod context;
pub(super) mod create;
pub(super) mod read_cache;
pub(super) mod recover;
pub(super) mod remove;
pub(super) mod run_state;
pub(super) mod update;
pub(super) mod verify;
