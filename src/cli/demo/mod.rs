//! `demo`: the whole job on simulated servers, with the real commands, for either product of Haiilo.
//!
//! A `sandbox` has both servers, the `files` and a folder that is removed at the end. `story` has the steps that both products share,
//! `advocacy` and `intranet` use them. `command` runs a story, or only serves.

mod advocacy;
mod command;
mod files;
mod intranet;
mod sandbox;
mod story;

pub(super) use command::run;
