//! What is found about groups, where they are synced: whether both sides show them to us.

use crate::cli::check::duration::GroupsReading;
use crate::cli::check::findings::CheckFindings;
use crate::cli::wiring::Wiring;
use crate::domain::groups::member_index::MemberIndex;
use crate::domain::listing::snapshot::PageRequest;
use crate::domain::model::link::Links;
use crate::domain::model::policy::Choice;
use crate::domain::plan::cycle_plan::Plan;
use crate::domain::targeted::plan;
use crate::ports::{Failure, FailureKind, GroupReader as _, GroupSource as _};
use crate::{engine, report};

/// The most pages of groups that are read; an organization with more groups has a different problem.
const MOST_PAGES: u64 = 100;

/// Asks both sides for groups. Returns what a cycle reads for them, where both sides show them.
pub(super) async fn ask(wiring: &Wiring, findings: &mut CheckFindings) -> Option<GroupsReading> {
    let rules = wiring.cycle.groups.as_ref()?;
    findings.section("Groups");
    let okta = okta(wiring, &rules.include, findings).await.inspect_err(|failure| match failure.kind {
        FailureKind::CredentialsRefused | FailureKind::BadRequest => findings.error(format_args!(
            "Okta does not show us groups, so that none is synced; grant the scope okta.groups.read and a role that reads groups: \
             {failure}"
        )),
        _ => findings.error(failure),
    });
    let (people, accounts, links) = (plan::people(Vec::new()), plan::accounts(Vec::new()), Links::default());
    let member_index = MemberIndex::of(&people, &accounts, &links, &Plan::default());
    let page = wiring.reader.list_groups(PageRequest { start: 1, count: 1 }, &member_index).await;
    let total = findings.value(page)?.total;
    let shown = total.map_or("it does not say how many".to_owned(), |total| total.to_string());
    findings.fine(format_args!("Haiilo shows its groups: {shown}"));
    let on_a_page = u64::from(wiring.cycle.page_size.clamp(1, engine::GROUPS_A_PAGE));
    let haiilo = total.unwrap_or_default().div_ceil(on_a_page).max(1);
    okta.ok().map(|okta| GroupsReading { okta, haiilo })
}

/// How many requests to Okta a cycle needs for groups at least: the listing, and the members of each group.
async fn okta(wiring: &Wiring, include: &[String], findings: &mut CheckFindings) -> Result<u64, Failure> {
    let source = &wiring.source;
    let (mut first, mut requests) = (None, 0);
    if include.is_empty() {
        let mut page = source.assigned_groups(None).await?;
        first = page.rows.iter().flatten().next().map(|group| group.id.clone());
        let mut count = page.rows.len();
        requests = 1;
        while let Some(next) = page.next.filter(|_| requests < MOST_PAGES) {
            page = source.assigned_groups(Some(&next)).await?;
            count += page.rows.len();
            requests += 1;
        }
        requests += count as u64;
        match count {
            0 => findings.warn(
                "no group is assigned to the application: assign groups to it in Okta, or name them in groups.include",
            ),
            count => {
                let count = report::amount(count);
                findings.fine(format_args!("groups that are assigned to the application: {count}"));
            }
        }
    }
    for text in include {
        requests += 2;
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
    Ok(requests)
}
