//! What the text says about groups: what is done to them, who comes in and who goes out.

use crate::domain::plan::group_operation::{GroupOperation, MemberPeople};
use crate::domain::plan::group_plan::{BlockedRemovals, GroupCounts, GroupPlan, GroupState};
use crate::domain::plan::hold::GroupHold;
use crate::domain::plan::outcome::GroupConclusion;
use crate::report::model::{GroupResults, Report, TextOptions, member_moves, member_names};
use crate::report::text::writer::TextWriter;
use crate::report::words::{counted, counts, ended, group_kind, visible};

/// Everything about groups.
pub(super) fn groups(report: &Report<'_>, view: TextOptions, out: &mut TextWriter) {
    let plan = &report.plan.groups;
    if plan.state == GroupState::Off {
        return;
    }
    alarm(plan, out);
    outcomes(report.groups, out);
    if plan.state == GroupState::Planned {
        let GroupCounts { chosen, unchanged, unmanaged, unmanaged_members, kept, left } = plan.counts;
        let parts = counts([
            (chosen, "chosen in Okta"),
            (unchanged, "as they shall be"),
            (plan.held.len(), "held"),
            (left, "no longer chosen, left alone"),
            (unmanaged, "unmanaged groups of Haiilo, left alone"),
            (unmanaged_members, "unmanaged members, left alone"),
            (kept, "memberships of people about whom nothing is done"),
        ]);
        out.section("Groups");
        out.line(&format!("  {}", if parts.is_empty() { "none" } else { &parts }));
    }
    out.table(plan.operations.iter().flat_map(|operation| rows(operation, &plan.people, view)).collect());
    for GroupHold { okta_id, haiilo_id, name, reason } in &plan.held {
        let group = haiilo_id.as_ref().map_or(String::new(), |id| format!("  group {}", visible(id.as_str())));
        out.held(&format!("HELD  {}  {okta_id}{group}", visible(name)), &reason.reason(), reason.remedy());
    }
}

/// Which groups would lose too many members, and how they could.
fn alarm(plan: &GroupPlan, out: &mut TextWriter) {
    let Some(id) = &plan.approval_id else { return };
    out.section("APPROVAL NEEDED: nobody is taken out of these groups");
    let row = |BlockedRemovals { okta_id, found, allowed }: &BlockedRemovals| {
        let name = plan.operations.iter().find(|operation| operation.okta_id == *okta_id);
        let name = name.map_or_else(String::new, |operation| visible(&operation.name));
        vec!["members".to_owned(), format!("{} found, {} allowed", counted(*found), counted(*allowed)), name]
    };
    out.table(plan.blocked.iter().map(row).collect());
    let command = format!("okta-haiilo-sync sync --approve {id}");
    out.command("If this is what shall happen, let exactly these people go out:", &command);
}

/// What became of operations: numbers, then everything that was not simply done.
fn outcomes(GroupResults { concluded, stops }: GroupResults<'_>, out: &mut TextWriter) {
    if concluded.is_empty() && stops.is_empty() {
        return;
    }
    let done = concluded.iter().filter(|one| one.outcome.is_done()).count();
    out.outcome("Outcome of groups", done, concluded.len(), None, stops);
    let row = |GroupConclusion { operation, haiilo_id: _, outcome }: &GroupConclusion| {
        let detail = visible(&outcome.detail()?);
        Some(vec![group_kind(operation.kind()), visible(&operation.name), ended(outcome), detail])
    };
    out.table(concluded.iter().filter_map(row).collect());
}

/// An operation as rows: the group, then what changes and who comes and goes.
fn rows(operation: &GroupOperation, people: &MemberPeople, view: TextOptions) -> Vec<Vec<String>> {
    let group = operation.haiilo_id().map_or(String::new(), |id| format!("group {}", visible(id.as_str())));
    let (kind, name) = (group_kind(operation.kind()), visible(&operation.name));
    let mut rows = vec![vec![kind, name, operation.okta_id.to_string(), group, member_moves(operation)]];
    let shown = |text: Option<&str>| text.map_or("(empty)".to_owned(), visible);
    for change in operation.changes() {
        let to = format!("-> {}", shown(change.to.as_deref()));
        rows.push(vec![format!("    {}", change.attribute.as_str()), shown(change.from.as_deref()), to]);
    }
    let (add, remove) = operation.moves();
    for (sign, indexes) in [("+", add), ("-", remove)] {
        rows.extend(member_names(indexes, people, view).into_iter().map(|name| vec![format!("    {sign}"), name]));
    }
    rows
}
