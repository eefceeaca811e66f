//! Log lines on standard error. Our own events can be made more verbose; those of libraries stay at warnings, since they may hold
//! addresses.

use std::os::unix::fs::MetadataExt as _;
use std::{fs, io};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{self, FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::args::LogFormat;

/// The level of our own events, by how often `-v` was given.
pub(super) fn level(verbose: u8) -> LevelFilter {
    match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    }
}

/// Starts logging, once in a process. `journal` is the stream that systemd connects with its journal, as `device:inode`.
pub(super) fn start(format: LogFormat, level: LevelFilter, journal: Option<&str>) {
    let others = LevelFilter::from_level(Level::WARN).min(level);
    let targets = Targets::new().with_default(others).with_target(env!("CARGO_CRATE_NAME"), level);
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(false);
    let layer = match format {
        LogFormat::Text if is_standard_error(journal) => lines.event_format(JournalLines).with_filter(targets).boxed(),
        LogFormat::Text => lines.with_filter(targets).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_filter(targets).boxed(),
    };
    // A second start, as the demonstration makes it for each command, changes nothing.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}

/// Whether standard error is the stream that systemd connects with its journal.
fn is_standard_error(journal: Option<&str>) -> bool {
    let Ok(stream) = fs::metadata("/proc/self/fd/2") else { return false };
    journal == Some(&format!("{}:{}", stream.dev(), stream.ino()))
}

/// Lines for systemd's journal: the priority in front (sd-daemon), and no time, since the journal has its own.
struct JournalLines;

impl<S, N> FormatEvent<S, N> for JournalLines
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        let priority = match *event.metadata().level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            _ => 7,
        };
        write!(line, "<{priority}>")?;
        context.format_fields(line.by_ref(), event)?;
        writeln!(line)
    }
}
