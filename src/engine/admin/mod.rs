//! The acts of an operator, each once: what the commands and the pages call.

mod recreate;
mod remove_now;

pub use recreate::{anew, make_anew};
pub use remove_now::{dismiss, dismissed};
