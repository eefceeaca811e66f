//! The choice between telling a story and leaving the servers up, for the one product or the other.

use crate::cli::args::{DemoArguments, ProductWord};
use crate::cli::demo::{advocacy, intranet, serve};
use crate::cli::exit::{CommandError, CommandResult};

/// Tells the story of a product, or serves it.
pub(in crate::cli) async fn run(arguments: &DemoArguments) -> CommandResult {
    match (arguments.product, arguments.groups) {
        (ProductWord::Advocacy, Some(_)) => Err(CommandError::misconfigured(
            "--groups is for the intranet, since SCIM reaches no groups of Haiilo Advocacy; add --product intranet, or leave it out",
        )),
        _ if arguments.serve => serve::run(arguments).await,
        (ProductWord::Advocacy, None) => advocacy::tell_all().await,
        (ProductWord::Intranet, _) => intranet::tell_all().await,
    }
}
