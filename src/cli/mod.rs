//! The command line: the only place that prints, and the only one that knows all adapters.
//!
//! `args` has the words, `entry` sends each command to its file in `commands` (or to `check`, `init`, `demo`, which need several files). A
//! command makes a `Wiring` from the configuration (`context`, `wiring`), opens the store beside it (`adapters`), calls the engine, and
//! gives what it says to `output`. How it ended is an `exit` code.

mod adapters;
mod args;
mod check;
mod commands;
mod context;
mod cycle_report;
mod demo;
mod entry;
mod exit;
mod init;
mod interrupt;
mod operator;
mod output;
mod plan_file;
mod progress;
mod screen;
mod telemetry;
mod wiring;

pub use args::Arguments;
pub use context::Invoker;
pub use entry::run;
