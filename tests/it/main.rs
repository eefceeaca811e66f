//! The integration tests: one binary, a folder for each subject.
//!
//! `setup` holds what tests share. A test runs the engine in this process between two simulated servers, or runs the built program as a child
//! process. The files named `program.rs` hold the tests of the second kind in the folders of their subjects; `cli` holds the rest of them.
//! `tidy` and `forbidden` test the rules for the sources.

mod apis;
mod campaign;
mod cli;
mod config;
mod cycle;
mod daemon;
mod docs;
mod forbidden;
mod groups;
mod other_tools;
mod planning;
mod report;
mod setup;
mod store;
mod targeted;
mod tidy;
