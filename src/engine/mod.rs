//! The engine: one cycle, written against the ports.
//!
//! Collects both sides, makes the plan, asks the guard, and applies. Names no adapter.

mod activity;
mod anew;
mod apply;
mod bench;
mod canary;
mod collect;
mod create;
mod cycle;
mod dismissal;
mod error;
mod evidence;
mod explain;
mod groups;
mod halt;
mod look;
mod poll;
mod prepared;
mod reads;
mod remove;
mod run;
mod scope;
mod settings;
mod update;
mod verify;
mod write_probe;

pub use anew::{anew, make_anew};
pub use cycle::{CycleReport, Order, prepare, sync};
pub use dismissal::{dismiss, dismissed};
pub use error::CycleError;
pub use explain::explain;
pub use groups::{GROUPS_A_PAGE, GROUPS_AT_ONCE, GroupsDone};
pub use halt::Halt;
pub use look::Errand;
pub use poll::{Looked, NoPoll, Polled, follow, poll};
pub use prepared::Prepared;
pub use run::Stop;
pub use scope::{Reviewed, Scope};
pub use settings::{CycleSettings, Observer, Side, Silence};
pub use write_probe::{Found, Manners, Probed, Verdict as ProbeVerdict, plan_probe, probe_writes};
