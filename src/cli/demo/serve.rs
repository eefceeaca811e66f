//! `demo --serve`: the two servers stay up, with a configuration that is ready to use.

use okta_haiilo_sim::haiilo::AccountSeed;
use okta_haiilo_sim::people::person;

use crate::cli::args::{DemoArguments, Format, ReportArguments, ShownArguments, SyncArguments};
use crate::cli::demo::stage::Stage;
use crate::cli::ending::{Ending, Unfinished};
use crate::cli::wiring::{Ends, Wiring};
use crate::cli::{output, sync};
use crate::config;
use crate::daemon::schedule;
use crate::engine::{self, Scope, Silence};
use crate::store::ReadStore;

/// Serves until Ctrl-C.
pub(super) async fn run(arguments: &DemoArguments) -> Result<Ending, Unfinished> {
    let stage = Stage::set().await?;
    stage.okta.state().populate(arguments.people);
    if arguments.in_step {
        stage.haiilo.state().populate((0..arguments.people).map(|n| AccountSeed::of(&person(n))));
        link_everybody(&stage).await?;
    }
    stage.okta.set_latency(arguments.latency.okta);
    stage.haiilo.set_latency(arguments.latency.haiilo);
    let config = stage.config();
    output::print(&format!(
        "okta    {}\nhaiilo  {}\nconfig  {}\n",
        stage.okta.origin(),
        stage.haiilo.origin(),
        config.display()
    ))?;
    output::say(&format!("{} people; try: okta-haiilo-sync --config {} plan", arguments.people, config.display()));
    output::say("Ctrl-C ends the servers and removes their folder.");
    tokio::signal::ctrl_c().await?;
    Ok(Ending::Done)
}

/// A first run that was approved, so that the store knows everybody. The report goes into the folder, where nobody need read it.
async fn link_everybody(stage: &Stage) -> Result<(), Unfinished> {
    let context = stage.context();
    let settings = config::load(&context.config, &context.surroundings, schedule::check);
    let settings = settings.map_err(|problems| Unfinished::misconfigured(format!("{problems:?}")))?;
    let wiring = Wiring::new(settings)?;
    let ends = Ends { wiring: &wiring, store: ReadStore::new(wiring.store.clone()) };
    let prepared = engine::prepare(&ends, &wiring.cycle, &Scope::Everybody, None, &Silence).await?;
    let report = ReportArguments {
        format: Format::Csv,
        output: Some(stage.folder().join("first-run.csv")),
        user: None,
        shown: ShownArguments::default(),
    };
    let approve = prepared.verdict.approval_id.map(|id| id.to_string());
    sync::run(&context, &SyncArguments { report, dry_run: false, approve, reason: None }).await?;
    Ok(())
}
