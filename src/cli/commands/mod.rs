//! The commands: parse the arguments, call the engine, print what it says.
//!
//! `cycle` has `plan`, `sync` and `apply`; `decisions` has what an operator decides; `store` has `journal` and `store backup`; `man` has
//! `completions`, too. Each other command has a file of its own name.

pub(super) mod cycle;
pub(super) mod decisions;
pub(super) mod explain;
pub(super) mod man;
pub(super) mod recreate;
pub(super) mod run;
pub(super) mod status;
pub(super) mod store;
