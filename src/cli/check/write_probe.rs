//! `check --write-probe ADDRESS`: one throw-away account in Haiilo. Says first what it costs, and asks.

use crate::cli::args::CheckArguments;
use crate::cli::check::findings::CheckFindings;
use crate::cli::check::store;
use crate::cli::context::Context;
use crate::cli::exit::{CommandError, CommandResult, ExitStatus};
use crate::cli::interrupt::Interrupts;
use crate::cli::operator::{CommandOperator, CommandOutput, OperatorCommand};
use crate::cli::output;
use crate::config::settings::UpdateMethod;
use crate::domain::model::policy::Product;
use crate::domain::model::target::TargetProfile;
use crate::domain::planning::write_probe::WriteProbe;
use crate::engine::{self, MethodWriters, Prepared, ProbeFinding, ProbeReport, ProbeVerdict};

/// Asks, makes the account, finds out what can be found out with it, and deletes it.
pub(super) async fn run(context: &Context, address: &str, arguments: &CheckArguments) -> CommandResult {
    OperatorCommand { name: "check", reason: Some("a write probe"), context }
        .run_prepared(async |operator, prepared| {
            let (adapters, settings) = (operator.adapters, operator.settings);
            // What the server does not say is no reason against a probe.
            let schemas = adapters.wiring.reader.schemas().await.ok().flatten().unwrap_or_default();
            let probe = engine::plan_probe(adapters, settings, prepared, address, schemas).await;
            let probe = probe.map_err(|why| CommandError::misconfigured(format!("no write probe: {why}")))?;
            output::say(&announced(settings.policy.product, &probe));
            if !arguments.yes && !output::is_confirmed("Type the address once more:", &probe.name) {
                return Err(CommandError::misconfigured(
                    "that is not the address, and nothing was done; run `check --write-probe` again and type it whole",
                ));
            }
            // A request to stop takes effect once nothing is left behind.
            let _held = Interrupts::new()?;
            probed(operator, prepared, &probe).await
        })
        .await
}

async fn probed(
    operator: &CommandOperator<'_>,
    prepared: &Prepared,
    probe: &WriteProbe,
) -> CommandResult<CommandOutput> {
    let adapters = operator.adapters;
    let reader = &adapters.wiring.reader;
    let (patch, put) = (reader.writer_by(UpdateMethod::Patch), reader.writer_by(UpdateMethod::Put));
    let writers = MethodWriters { patch: &patch, put: &put };
    let ProbeReport { found, writes } =
        engine::probe_writes(adapters, writers, operator.settings, prepared, probe, &operator.run_context).await;
    let mut findings = CheckFindings::default();
    findings.section("Write probe");
    for ProbeFinding { verdict, text } in found {
        match verdict {
            ProbeVerdict::Good => findings.fine(text),
            ProbeVerdict::Odd => findings.warn(text),
            ProbeVerdict::Bad => findings.error(text),
        }
    }
    if let Some(writes) = writes {
        let known = store::known(adapters.wiring, &adapters.store).await?;
        let profile = TargetProfile { writes: Some(writes), ..known };
        match adapters.store.keep_target(&profile).await {
            Ok(()) => findings.fine("what was learnt is kept for cycles to use"),
            Err(failure) => findings.warn(format_args!("what was learnt is not kept: {failure}")),
        }
    }
    let status = if findings.has_error() { ExitStatus::Failed } else { ExitStatus::Done };
    Ok(CommandOutput { text: findings.text().to_owned(), status })
}

/// What is about to happen, and what it may cost.
fn announced(product: Product, probe: &WriteProbe) -> String {
    let (name, renamed, group, left_out) = (&probe.name, &probe.renamed, &probe.group, &probe.left_out);
    let group = group.as_ref().map_or_else(String::new, |group| format!(" in the group {:?}", group.shown()));
    let left_out = match &left_out[..] {
        [] => String::new(),
        paths => {
            format!(" It has nothing in {}, where a text may leave something behind or be refused.", paths.join(", "))
        }
    };
    let steps = match product {
        Product::Advocacy => format!("changes it, renames it to {renamed} and deletes it for ever"),
        Product::Intranet => {
            format!("changes it, renames it to {renamed}, deactivates it, activates it again and deletes it")
        }
    };
    format!(
        "This makes an account for {name}{group}, {steps}. It may cost a seat for a moment, and Haiilo may send a mail to the \
         address.{left_out}"
    )
}
