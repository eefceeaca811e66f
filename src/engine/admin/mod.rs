//! The acts of an operator, each once. The commands call them, and nothing else changes what an operator decides.
//!
//! An [`Operator`] is one person with one command: who acts, why, and under which run the journal keeps it. Acts about people use what was
//! prepared from both sides under the lock of the cycle, ask the rules in `domain::planning::operator` whether the act is allowed, and
//! write the act and what follows from it in one transaction. `remove` and `recreate` write to Haiilo, too, by the executor that cycles
//! use.

mod accounts;
mod decisions;
mod operator;

pub use decisions::{ApprovedPlan, Rebinding};
pub use operator::{AdminError, Operator};
