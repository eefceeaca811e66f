//! `check`: what is found about the configuration, the mapping and both sides, each with what to do about it.
//!
//! `command` asks one after the other: `okta`, `haiilo` and its `directory`, `groups`, and the store (`store`); `duration` estimates how long a
//! full cycle takes. `write_probe` tries writes, `sample` shows what would be sent for one person. `findings` collects and prints.

mod command;
mod directory;
mod duration;
mod findings;
mod groups;
mod haiilo;
mod okta;
mod sample;
mod store;
mod write_probe;

pub(super) use command::run;
