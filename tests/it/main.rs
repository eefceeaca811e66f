//! The integration tests: one binary, a module a subject.

mod cycle;
mod faults;
mod forbidden;
mod invariants;
mod leaving;
mod limits;
mod listing;
mod lost_answers;
mod matching;
mod okta;
mod others;
mod planner;
mod store;
mod tidy;
mod told;
mod world;
mod writes;
