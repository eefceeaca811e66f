//! The integration tests: one binary, a module a subject.

mod forbidden;
mod planner;
mod store;
mod tidy;
