//! The commands, a file a verb. The only place that prints, and the only one that knows all adapters.

mod apply;
mod approve;
mod args;
mod check;
mod completions;
mod context;
mod decide;
mod demo;
mod ending;
mod entry;
mod explain;
mod init;
mod interrupt;
mod journal;
mod man;
mod output;
mod pause;
mod plan;
mod plan_file;
mod progress;
mod rebind;
mod recreate;
mod remove;
mod run;
mod sample;
mod screen;
mod status;
mod store;
mod sync;
mod telemetry;
mod wiring;

pub use args::Arguments;
pub use context::Invoker;
pub use entry::run;
