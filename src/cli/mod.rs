//! The commands, a file a verb. The only place that prints, and the only one that knows all adapters.

mod args;
