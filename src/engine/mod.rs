//! The engine: one cycle, written against the ports. It names no adapter.
//!
//! - `cycle` is a full cycle, `targeted` one about a few people, `poll` follows Okta's log to them. `scope` narrows a plan to one person or to
//!   a reviewed plan.
//! - `collect` reads both sides, `evidence` asks Okta about people who left, and `prepared` is the plan with all that it was made from.
//! - `executor` sends operations about people, `groups` those about groups.
//! - `probe` tries writes on a throw-away account, `admin` has the acts of an operator.

mod admin;
mod collect;
mod cycle;
mod error;
mod evidence;
mod executor;
mod groups;
mod poll;
mod prepared;
mod probe;
mod scope;
mod settings;
mod targeted;

pub use admin::{AdminError, ApprovedPlan, Operator, Rebinding};
pub use cycle::{CycleReport, CycleRequest, prepare, sync};
pub use error::CycleError;
pub use executor::run_state::Stop;
pub use groups::{GROUPS_A_PAGE, GROUPS_AT_ONCE, GroupsDone};
pub use poll::{FullCycleReason, PollReport, PollResult, follow, poll};
pub use prepared::{Collected, Prepared};
pub use probe::{MethodWriters, ProbeFinding, ProbeReport, ProbeVerdict, plan_probe, probe_writes};
pub use scope::{Reviewed, Scope};
pub use settings::{CycleSettings, NoObserver, Observer, Side};
pub use targeted::TargetedRequest;
