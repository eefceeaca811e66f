//! `check`: what is found about the configuration, the mapping and both ends, each with what to do about it.

mod command;
mod directory;
mod findings;
mod groups;
mod haiilo;
mod keeping;
mod length;
mod okta;
mod sample;
mod write_probe;

pub(super) use command::run;
