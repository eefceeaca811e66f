//! The choice between telling a story and leaving the servers up.

use crate::cli::args::DemoArguments;
use crate::cli::demo::{serve, story};
use crate::cli::ending::{Ending, Unfinished};

/// Tells the story, or serves.
pub(in crate::cli) async fn run(arguments: &DemoArguments) -> Result<Ending, Unfinished> {
    if arguments.serve { serve::run(arguments).await } else { story::run().await }
}
