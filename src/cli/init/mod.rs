//! `init`: a configuration and a mapping to begin with, as the shipped samples with an administrator's own values.
//!
//! `answers` asks the questions, `proposal` proposes what Okta's schema suggests, `files` writes both files; `command` puts it together.

mod answers;
mod command;
mod files;
mod proposal;

pub(super) use command::run;
