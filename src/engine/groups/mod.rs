//! Groups of the intranet in a cycle. Trouble here stops nobody.
//!
//! `collect` reads chosen groups and members after the plan about people is made, and makes the plan about groups. `apply` carries it out after
//! people are done, with `members` and `delete`; `executor` is what they share.

mod apply;
mod collect;
mod delete;
mod executor;
mod members;

pub use apply::GroupsDone;
pub use collect::{GROUPS_A_PAGE, GROUPS_AT_ONCE};
pub(super) use collect::{GroupInput, plan};
