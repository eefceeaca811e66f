//! Where reports go: standard output, or a file that only its owner can read, since reports name people.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::NamedTempFile;

use crate::cli::args::{Format, ReportArguments, ShownArguments};
use crate::cli::exit::{CommandError, CommandResult};
use crate::cli::screen::{Screen, painted};
use crate::domain::model::ids::UserName;
use crate::domain::state::journal::JournalEntry;
use crate::report::{self, PeopleShown, Report, SharedChanges, TextOptions};

/// Where a report will go, and in which form. It is opened before anything is done, so no work is left without a report.
#[derive(Debug)]
pub(super) struct ReportDestination {
    format: Format,
    view: TextOptions,
    is_coloured: bool,
    place: OutputPlace,
}

#[derive(Debug)]
enum OutputPlace {
    StandardOutput,
    /// A new file beside the old one, which it will replace at once: nobody sees half a report, and its mode is its own.
    File {
        new: NamedTempFile,
        path: PathBuf,
    },
    /// A pipe or a device, which must not be replaced.
    Stream {
        file: File,
        path: PathBuf,
    },
}

impl ReportDestination {
    /// Opens the place that was asked for.
    pub(super) fn open(arguments: &ReportArguments, screen: Screen) -> CommandResult<Self> {
        let ShownArguments { full, ids_only } = arguments.shown;
        if arguments.format != Format::Text && (full || ids_only) {
            return Err(CommandError::misconfigured(
                "--full and --ids-only are for --format text; the other forms hold everything: leave them out",
            ));
        }
        let (place, screen) = match &arguments.output {
            None => (OutputPlace::StandardOutput, screen),
            Some(path) => (open(path).with_context(|| unwritable(path))?, Screen::default()),
        };
        let view = TextOptions {
            people: if ids_only { PeopleShown::Ids } else { PeopleShown::Named },
            sharing: if full { SharedChanges::Full } else { SharedChanges::Folded },
            width: screen.width,
        };
        Ok(Self { format: arguments.format, view, is_coloured: screen.is_coloured, place })
    }

    /// Gives a report.
    pub(super) fn give(self, report: &Report<'_>) -> CommandResult<()> {
        let text = match self.format {
            Format::Text if self.is_coloured => painted(&report::text(report, self.view)),
            Format::Text => report::text(report, self.view),
            Format::Json => report::json(report),
            Format::Csv => report::csv(report),
            Format::Html => report::html(report),
        };
        self.place.write(&text)
    }

    /// Gives entries of the journal.
    pub(super) fn give_journal(self, entries: &[JournalEntry]) -> CommandResult<()> {
        let text = match self.format {
            Format::Text => report::journal::text(entries),
            Format::Json => report::journal::json(entries),
            Format::Csv => report::journal::csv(entries),
            Format::Html => {
                return Err(CommandError::misconfigured(
                    "the journal has no HTML form; give --format text, json or csv",
                ));
            }
        };
        self.place.write(&text)
    }
}

impl OutputPlace {
    fn write(self, text: &str) -> CommandResult<()> {
        let (written, path) = match self {
            Self::StandardOutput => return print(text),
            Self::File { new, path } => (replace(new, &path, text), path),
            Self::Stream { mut file, path } => (file.write_all(text.as_bytes()), path),
        };
        Ok(written.with_context(|| unwritable(&path))?)
    }
}

/// Writes a file that only its owner can read, all at once.
pub(super) fn save(path: &Path, text: &str) -> CommandResult<()> {
    let place = open(path)
        .with_context(|| format!("the plan cannot be saved to {}; name a place that is yours", path.display()))?;
    place.write(text)
}

fn open(path: &Path) -> io::Result<OutputPlace> {
    let is_no_file = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
    if is_no_file {
        return Ok(OutputPlace::Stream { file: OpenOptions::new().write(true).open(path)?, path: path.to_owned() });
    }
    // A link stays a link; what it points to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let new = tempfile::Builder::new().prefix(".okta-haiilo-sync-").tempfile_in(folder)?;
    Ok(OutputPlace::File { new, path })
}

fn replace(mut new: NamedTempFile, path: &Path, text: &str) -> io::Result<()> {
    new.write_all(text.as_bytes())?;
    new.as_file().sync_all()?;
    new.persist(path)?;
    Ok(())
}

fn unwritable(path: &Path) -> String {
    format!("the report cannot be written to {}; name a place that is yours", path.display())
}

/// Prints a text. A reader that went away, as `head` does, is no failure.
pub(super) fn print(text: &str) -> CommandResult<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("standard output cannot be written to; look at what reads it").map_err(Into::into)
        }
        _ => Ok(()),
    }
}

/// A line that the user at the terminal types; empty where there is no terminal.
pub(super) fn typed() -> String {
    let mut typed = String::new();
    match io::stdin().lock().read_line(&mut typed) {
        Ok(_) => typed,
        Err(_) => String::new(),
    }
}

/// Whether the address of an account is typed as the answer to a question.
pub(super) fn is_confirmed(question: &str, name: &UserName) -> bool {
    say(question);
    UserName::new(typed().trim()).same_as(name)
}

/// Prints something for the user at the terminal, apart from results.
pub(super) fn say(text: &str) {
    // That nobody reads it is no reason to fail.
    let _ = writeln!(io::stderr().lock(), "{text}");
}
