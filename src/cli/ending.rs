//! How a command ends: the exit codes that scripts rely on.

use std::fmt;
use std::process::ExitCode;

use crate::engine::CycleError;

/// The end of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// 0: done.
    Done,
    /// 1: failed.
    Failed,
    /// 2: the command line or the configuration is wrong.
    Misconfigured,
    /// 3: refused; an approval is needed.
    Refused,
    /// 4: some operations failed.
    Partly,
    /// 10: there are operations, and `--exit-code` asked for that.
    Pending,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        Self::from(match ending {
            Ending::Done => 0,
            Ending::Failed => 1,
            Ending::Misconfigured => 2,
            Ending::Refused => 3,
            Ending::Partly => 4,
            Ending::Pending => 10,
        })
    }
}

/// A command that did not come to its end.
#[derive(Debug)]
pub(super) struct Unfinished {
    /// The exit code.
    pub(super) ending: Ending,
    /// Why, with all causes.
    pub(super) why: anyhow::Error,
}

/// One line: the error and its causes, each once.
impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.why)
    }
}

impl<E: Into<anyhow::Error>> From<E> for Unfinished {
    fn from(error: E) -> Self {
        let why: anyhow::Error = error.into();
        let ending = match why.downcast_ref::<CycleError>() {
            Some(CycleError::OtherTenant { .. }) => Ending::Misconfigured,
            Some(CycleError::ReviewIsOver(_)) => Ending::Refused,
            _ => Ending::Failed,
        };
        Self { ending, why }
    }
}

impl Unfinished {
    /// A command that a setting makes impossible, with all causes.
    pub(super) fn misconfigured_by(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { ending: Ending::Misconfigured, why: error.into() }
    }

    /// A command that the configuration forbids.
    pub(super) fn misconfigured(why: impl fmt::Display + fmt::Debug + Send + Sync + 'static) -> Self {
        Self { ending: Ending::Misconfigured, why: anyhow::Error::msg(why) }
    }
}
