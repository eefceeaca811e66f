//! What every command is given: where the configuration is, who asks, and how much may be shown.

use std::path::PathBuf;

use uuid::Uuid;

use crate::cli::exit::{CommandError, CommandResult};
use crate::cli::screen::Screen;
use crate::cli::wiring::Wiring;
use crate::config::settings::Settings;
use crate::config::{self, EnvVars};
use crate::daemon::schedule;
use crate::domain::model::ids::RunId;
use crate::domain::state::journal::RunContext;

/// Who started the program.
#[derive(Clone, Debug)]
pub struct Invoker {
    /// The user before `sudo`, where there was one.
    pub sudo_user: Option<String>,
    /// The user id of the process.
    pub uid: Option<u32>,
}

impl Invoker {
    /// The words for the journal.
    pub(super) fn describe(&self) -> String {
        let Self { sudo_user, uid } = self;
        let uid = uid.map_or("uid unknown".to_owned(), |uid| format!("uid {uid}"));
        match sudo_user {
            Some(user) => format!("{user} by sudo, {uid}"),
            None => uid,
        }
    }
}

/// What every command is given.
#[derive(Clone, Debug)]
pub(super) struct Context {
    /// The configuration file.
    pub(super) config: PathBuf,
    /// Our part of the environment.
    pub(super) env: EnvVars,
    /// Who asks.
    pub(super) invoker: Invoker,
    /// Whether progress is shown, where standard error is a terminal.
    pub(super) shows_progress: bool,
    /// What standard output is connected with.
    pub(super) screen: Screen,
}

impl Context {
    /// Who does something and why, as a run of its own.
    pub(super) fn run_context(&self, reason: Option<&str>) -> RunContext {
        RunContext {
            run: RunId::new(Uuid::new_v4().to_string()),
            approval: None,
            by: self.invoker.describe(),
            reason: reason.map(str::to_owned),
        }
    }

    /// The checked configuration, or every problem of it, a line each.
    pub(super) fn settings(&self) -> CommandResult<Settings> {
        config::load(&self.config, &self.env, schedule::check).map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            CommandError::misconfigured(lines.join("\n"))
        })
    }

    /// The clients of both sides and the place of the store, by the checked configuration.
    pub(super) fn wiring(&self) -> CommandResult<Wiring> {
        Wiring::new(self.settings()?)
    }
}
