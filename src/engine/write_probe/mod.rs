//! A write probe: makes one throw-away account, changes it in each manner, renames it and deletes it. It touches the id that it made and no
//! other: an answer that names none ends it, and nothing is looked up by name to be written to.

mod changing;
mod deleting;
mod directory;
mod making;
mod plan;
mod run;

pub use plan::plan_probe;
pub use run::{Found, Manners, Probed, Verdict, probe_writes};
