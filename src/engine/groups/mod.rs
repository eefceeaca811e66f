//! Groups of the intranet in a cycle: collected after the plan about people is made, applied after people are done. Trouble here stops nobody.

mod apply;
mod collect;
mod delete;
mod executor;
mod members;

pub use apply::GroupsDone;
pub use collect::{GROUPS_A_PAGE, GROUPS_AT_ONCE};
pub(super) use collect::{GroupInput, plan};
