//! The write probe: makes one throw-away account, changes it by each method, renames it and deletes it.
//!
//! In: the plan of a probe and a writer for each method. Out: what each step showed, and the profile of the endpoint. It touches the id that
//! it made and no other: an answer that names no id ends it, and nothing is looked up by name to be written to.

mod change;
mod context;
mod create;
mod delete;
mod directory;
mod plan;
mod run;

pub use context::{MethodWriters, ProbeFinding, ProbeVerdict};
pub use plan::plan_probe;
pub use run::{ProbeReport, probe_writes};
