//! Where reports go: standard output, or a file that its owner alone can read, since reports name people.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;

use crate::cli::args::{Format, ReportArguments};
use crate::cli::ending::Unfinished;
use crate::report::{self, Report};

/// Gives a report in the form and to the place that were asked for.
pub(super) fn give(report: &Report<'_>, arguments: &ReportArguments) -> Result<(), Unfinished> {
    let text = match arguments.format {
        Format::Text => report::text(report),
        Format::Json => report::json(report),
        Format::Csv => report::csv(report),
    };
    match &arguments.output {
        Some(path) => save(path, &text),
        None => print(&text),
    }
}

/// Prints a text. A reader that went away, as `head` does, is no failure.
pub(super) fn print(text: &str) -> Result<(), Unfinished> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("standard output").map_err(Into::into)
        }
        _ => Ok(()),
    }
}

/// Says something to whoever sits at the terminal, apart from results.
pub(super) fn say(text: &str) {
    // That nobody listens is no reason to fail.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

fn save(path: &Path, text: &str) -> Result<(), Unfinished> {
    let write = || {
        // An old file with another mode is replaced, not filled.
        let mut name = path.as_os_str().to_owned();
        name.push(".new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&name)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&name, path)
    };
    write().with_context(|| format!("the report cannot be written to {}", path.display())).map_err(Into::into)
}
