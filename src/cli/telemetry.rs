//! Log lines on standard error. Our own events may be made more talkative; those of libraries stay at warnings, since they know addresses.

use std::io;

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::cli::args::LogFormat;

/// The level of our own events, by how often `-v` was given.
pub(super) fn level(verbose: u8) -> LevelFilter {
    match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    }
}

/// Starts logging, once in a process.
pub(super) fn start(format: LogFormat, level: LevelFilter) {
    let others = LevelFilter::from_level(Level::WARN).min(level);
    let targets = Targets::new().with_default(others).with_target(env!("CARGO_CRATE_NAME"), level);
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(false);
    let layer = match format {
        LogFormat::Text => lines.with_filter(targets).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_filter(targets).boxed(),
    };
    // A second start, as the demonstration makes it for each command, changes nothing.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}
