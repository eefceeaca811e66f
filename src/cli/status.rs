//! `status`: what waits, and how the last cycles went, from the store alone.

use crate::cli::args::StatusArguments;
use crate::cli::context::Context;
use crate::cli::ending::{Ending, Unfinished};
use crate::cli::output;
use crate::cli::wiring::Wiring;
use crate::clock::Clock as _;
use crate::ports::StoreReader as _;
use crate::report::status;
use crate::store::ReadStore;

/// Cycles that are shown.
const SHOWN: u32 = 5;

/// Shows how things stand.
pub(super) async fn run(context: &Context, arguments: &StatusArguments) -> Result<Ending, Unfinished> {
    let wiring = Wiring::new(context.settings()?)?;
    let (store, now) = (ReadStore::new(wiring.store.clone()), wiring.clock.now());
    let (standing, memory) = (store.standing(now, SHOWN).await?, store.remember(now).await?);
    let show = if arguments.json { status::json } else { status::text };
    output::print(&show(&standing, &memory, now))?;
    Ok(Ending::Done)
}
