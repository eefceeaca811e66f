//! `demo`: the whole job on simulated servers, with the real commands.

mod command;
mod serve;
mod stage;
mod story;

pub(super) use command::run;
