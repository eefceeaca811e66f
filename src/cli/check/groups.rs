//! What is found about groups, where they are synced: whether both sides show them to us.

use crate::cli::check::findings::Findings;
use crate::cli::wiring::Wiring;
use crate::domain::few;
use crate::domain::groups::roster::Roster;
use crate::domain::groups::rules::Choice;
use crate::domain::link::Links;
use crate::domain::plan::Plan;
use crate::domain::snapshot::PageRequest;
use crate::ports::{Failure, FailureKind, GroupReader as _, GroupSource as _};
use crate::report;

/// Asks both sides for groups.
pub(super) async fn ask(wiring: &Wiring, findings: &mut Findings) {
    let Some(rules) = &wiring.cycle.groups else { return };
    findings.section("Groups");
    if let Err(failure) = okta(wiring, &rules.include, findings).await {
        match failure.kind {
            FailureKind::CredentialsRefused | FailureKind::BadRequest => findings.error(format_args!(
                "Okta does not show us groups, so that none is synced; grant the scope okta.groups.read and a role that reads groups: {failure}"
            )),
            _ => findings.error(failure),
        }
    }
    let (people, accounts, links) = (few::people(Vec::new()), few::accounts(Vec::new()), Links::default());
    let roster = Roster::of((&people, &accounts, &links), &Plan::default());
    match wiring.reader.list_groups(PageRequest { start: 1, count: 1 }, &roster).await {
        Ok(page) => findings.fine(format_args!(
            "Haiilo shows its groups: {}",
            page.total.map_or("it does not say how many".to_owned(), |total| total.to_string())
        )),
        Err(failure) => findings.error(failure),
    }
}

async fn okta(wiring: &Wiring, include: &[String], findings: &mut Findings) -> Result<(), Failure> {
    let source = &wiring.source;
    let mut first = None;
    if include.is_empty() {
        let page = source.assigned_groups(None).await?;
        first = page.rows.iter().flatten().next().map(|group| group.id.clone());
        match page.rows.len() {
            0 => findings.warn(
                "no group is assigned to the application: assign groups to it in Okta, or name them in groups.include",
            ),
            count => findings.fine(format_args!(
                "groups that are assigned to the application: {}{}",
                report::amount(count),
                if page.next.is_some() { " on the first page" } else { "" }
            )),
        }
    }
    for text in include {
        let found = match Choice::of(text) {
            Choice::Id(id) => source.group(&id).await?.into_iter().collect(),
            Choice::Name(name) => {
                let page = source.groups_named(&name, None).await?;
                page.rows.into_iter().flatten().filter(|group| group.name == name).collect::<Vec<_>>()
            }
        };
        match found.as_slice() {
            [] => findings.error(format_args!("groups.include names {text:?}, and Okta has no such group: correct it")),
            [one] => {
                findings.fine(format_args!("the group {text:?} is there"));
                first.get_or_insert(one.id.clone());
            }
            several => findings.error(format_args!(
                "Okta has {} groups named {text:?}: write the id of the right one into groups.include",
                several.len()
            )),
        }
    }
    if let Some(id) = first {
        source.members(&id, None).await?;
        findings.fine("members of groups can be read");
    }
    Ok(())
}
