//! The commands of the built program, each run as a child process.
//!
//! The files are named after the command or the subject that they test: `exit_codes` tests `plan` and `sync`, `saved_plans` tests `plan` to a file
//! and `apply`, `check` tests the command of that name. What belongs to another subject is in the file `program.rs` of its folder: `config`,
//! `daemon`, `groups`, `report`, `targeted`.

mod check;
mod demo;
mod exit_codes;
mod explain;
mod init;
mod journal_and_store;
mod recreate;
mod remove;
mod saved_plans;
mod secrets;
mod status_and_rebind;
mod terminal_and_logs;
mod tls_and_proxy;
