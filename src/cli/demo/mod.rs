//! `demo`: the whole job on simulated servers, with the real commands, for either product of Haiilo.

mod advocacy;
mod command;
mod files;
mod intranet;
mod sandbox;
mod story;

pub(super) use command::run;
