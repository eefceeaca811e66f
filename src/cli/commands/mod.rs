//! The commands, a file each: parse the arguments, call the engine, print what it says.

pub(super) mod approve;
pub(super) mod explain;
pub(super) mod journal;
pub(super) mod link;
pub(super) mod man;
pub(super) mod pause;
pub(super) mod plan;
pub(super) mod rebind;
pub(super) mod recreate;
pub(super) mod remove;
pub(super) mod run;
pub(super) mod status;
pub(super) mod store;
pub(super) mod sync;
