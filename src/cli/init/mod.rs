//! `init`: a configuration and a mapping to begin with, as the shipped samples with an administrator's own values.

mod answers;
mod command;
mod files;
mod proposal;

pub(super) use command::run;
