//! The integration tests: one binary, a module a subject.

mod apis;
mod campaign;
mod cli;
mod config;
mod cycle;
mod daemon;
mod docs;
mod forbidden;
mod groups;
mod others;
mod planning;
mod report;
mod setup;
mod store;
mod targeted;
mod tidy;
