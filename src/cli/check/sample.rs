//! `check --sample LOGIN`: what would be sent to Haiilo if this person had no account yet. Reads one person, and sends nothing to Haiilo.

use std::fmt::Write as _;

use crate::cli::context::Context;
use crate::cli::exit::{CommandResult, ExitStatus};
use crate::cli::output;
use crate::domain::mapping::{Mapper, Mapping};
use crate::domain::model::assignment::{Assignment, Eligibility};
use crate::domain::planning::diff;
use crate::engine::CycleError;
use crate::haiilo;
use crate::ports::AssignmentSource as _;

/// Shows the request that would make the account.
pub(super) async fn run(context: &Context, login: &str) -> CommandResult {
    let wiring = context.wiring()?;
    let found = wiring.source.look_up(login).await?;
    if found.is_empty() {
        return Err(CycleError::NobodyOfThisName.into());
    }
    let mut told = String::new();
    for user in found {
        writeln!(told, "{}  {}", user.id, user.status).expect("a text takes every line");
        match wiring.source.assignment(&user.id).await? {
            None => told.push_str("  is not assigned to the application, so that nothing would be sent\n"),
            Some(assignment) => {
                let eligibility = assignment.eligibility(wiring.cycle.policy.statuses);
                if eligibility != Eligibility::Assigned {
                    told.push_str("  would have no account by now (see `explain`); with one it would be:\n");
                }
                sample(&wiring.cycle.mapping, assignment, &mut told);
            }
        }
    }
    output::print(&told)?;
    Ok(ExitStatus::Done)
}

fn sample(mapping: &Mapping, assignment: Assignment, told: &mut String) {
    match Mapper::new(mapping).map(assignment) {
        Ok(Some(desired)) => {
            let changes = diff::changes_of_new(mapping, &desired.user_name, |slot| desired.value(slot).cloned());
            let body = haiilo::create_body(&changes);
            writeln!(told, "POST /Users\n{body:#}").expect("a text takes every line");
        }
        Ok(None) => told.push_str("  is left out by people.include, so that nothing would be sent\n"),
        Err(doubt) => {
            writeln!(told, "  would be held: {doubt}").expect("a text takes every line");
        }
    }
}
