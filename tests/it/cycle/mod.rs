//! One cycle from reading both sides to the report.
//!
//! `changes` tests ordinary days: one thing changes in Okta, a cycle runs, both sides agree again. `faults` makes each call fail in each way.
//! `crash` kills the program at each call and at each write to its store. `invariants` tests the order of plans and reports, and that no text but a
//! report names a person.

mod changes;
mod crash;
mod faults;
mod invariants;
