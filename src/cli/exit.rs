//! How a command ends: the exit codes that scripts rely on.

use std::fmt;
use std::process::ExitCode;

use crate::engine::{AdminError, CycleError};

/// The end of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExitStatus {
    /// 0: done.
    Done = 0,
    /// 1: failed.
    Failed = 1,
    /// 2: the command line or the configuration is wrong.
    Misconfigured = 2,
    /// 3: blocked; an approval is needed.
    Blocked = 3,
    /// 4: some operations failed.
    Partly = 4,
    /// 10: there are operations, and `--exit-code` asked for that.
    Pending = 10,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}

/// How a command ends, or a step of it.
pub(super) type CommandResult<T = ExitStatus> = Result<T, CommandError>;

/// A command that did not finish.
#[derive(Debug)]
pub(super) struct CommandError {
    /// The exit code.
    pub(super) status: ExitStatus,
    /// Why, with all causes.
    pub(super) why: anyhow::Error,
}

/// One line: the error and its causes, each once.
impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.why)
    }
}

impl<E: Into<anyhow::Error>> From<E> for CommandError {
    fn from(error: E) -> Self {
        let why: anyhow::Error = error.into();
        let status = match (why.downcast_ref(), why.downcast_ref()) {
            (Some(CycleError::OtherTenant { .. }), _) | (_, Some(AdminError::Refused(_))) => ExitStatus::Misconfigured,
            (Some(CycleError::ReviewIsOver(_)), _) => ExitStatus::Blocked,
            _ => ExitStatus::Failed,
        };
        Self { status, why }
    }
}

impl CommandError {
    /// A command that a setting makes impossible, with all causes.
    pub(super) fn misconfigured_by(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { status: ExitStatus::Misconfigured, why: error.into() }
    }

    /// A command that the configuration forbids.
    pub(super) fn misconfigured(why: impl fmt::Display + fmt::Debug + Send + Sync + 'static) -> Self {
        Self { status: ExitStatus::Misconfigured, why: anyhow::Error::msg(why) }
    }
}
