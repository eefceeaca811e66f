//! The loop of the daemon: cycles, and polls between them.

mod daemon;
mod poll;

pub use daemon::{Daemon, Signal};
