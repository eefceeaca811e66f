//! Groups in a report: what is done to them, who comes in and who goes out, in the words of every form.

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::domain::model::group::{PersonIndex, same};
use crate::domain::model::ids::HaiiloGroupId;
use crate::domain::model::word::Word as _;
use crate::domain::plan::group_operation::{GroupAction, GroupKind, GroupOperation, MemberPeople, Removals};
use crate::domain::plan::group_plan::{BlockedRemovals, GroupCounts, GroupPlan, GroupState};
use crate::domain::plan::hold::GroupHold;
use crate::domain::plan::outcome::GroupConclusion;
use crate::report::sheet::TextWriter;
use crate::report::subject::{GroupResults, PeopleShown, Report, SharedChanges, TextOptions, amount, counted, visible};

/// Members of a group who are named; beyond that, their number says enough.
const NAMED: usize = 20;

/// The name of a kind for a reader.
pub(super) fn kind(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Adopt => "ADOPT",
        GroupKind::Update => "UPDATE",
        GroupKind::Create => "CREATE",
        GroupKind::Members => "MEMBERS",
        GroupKind::Delete => "DELETE",
    }
}

/// How many members come and go, in a word or two.
pub(super) fn moves(operation: &GroupOperation) -> String {
    let waits = if operation.removals() == Some(&Removals::Blocked) { " (waits for an approval)" } else { "" };
    match &operation.action {
        GroupAction::Members { add, remove, .. } if remove.is_empty() => format!("+{}", amount(add.len())),
        GroupAction::Members { add, remove, .. } => {
            format!("+{} -{}{waits}", amount(add.len()), amount(remove.len()))
        }
        GroupAction::Delete { members, .. } => format!("{} members lose it{waits}", counted(*members)),
        GroupAction::Adopt { .. } | GroupAction::Create { .. } | GroupAction::Update { .. } => String::new(),
    }
}

/// The names of people, so many at most.
pub(super) fn names(indexes: &[PersonIndex], people: &MemberPeople, view: TextOptions) -> Vec<String> {
    let most = if view.sharing == SharedChanges::Full { usize::MAX } else { NAMED };
    let who = indexes.iter().take(most).filter_map(|index| people.get(index));
    let mut names: Vec<String> = who
        .map(|who| match view.people {
            PeopleShown::Named => visible(who.user_name.as_str()),
            PeopleShown::Ids => who.okta_id.to_string(),
        })
        .collect();
    names.sort();
    if indexes.len() > most {
        names.push(format!("and {} more", amount(indexes.len() - most)));
    }
    names
}

/// Everything about groups as text.
pub(super) fn text(report: &Report<'_>, view: TextOptions, out: &mut TextWriter) {
    let plan = &report.plan.groups;
    if plan.state == GroupState::Off {
        return;
    }
    alarm(plan, out);
    ends(report.groups, out);
    if plan.state == GroupState::Planned {
        let GroupCounts { chosen, unchanged, unmanaged, unmanaged_members, kept, left } = plan.counts;
        out.section("Groups");
        let parts = [
            (chosen, "chosen in Okta"),
            (unchanged, "as they shall be"),
            (plan.held.len(), "held"),
            (left, "no longer chosen, left alone"),
            (unmanaged, "groups of Haiilo not ours, left alone"),
            (unmanaged_members, "members not ours, left alone"),
            (kept, "memberships of people about whom nothing is done"),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{} {what}", amount(count)))
            .collect();
        out.line(&format!("  {}", if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }));
    }
    out.table(plan.operations.iter().flat_map(|operation| rows(operation, plan, view)).collect());
    for GroupHold { okta_id, haiilo_id, name, reason } in &plan.held {
        let group = haiilo_id.as_ref().map_or(String::new(), |id| format!("  group {}", visible(id.as_str())));
        out.line(&format!("  HELD  {}  {okta_id}{group}", visible(name)));
        out.line(&format!("      why:  {}", visible(&reason.reason())));
        out.line(&format!("      what to do:  {}", reason.remedy()));
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
    out.line("  If this is what shall happen, let exactly these people go out:");
    out.line(&format!("    okta-haiilo-sync sync --approve {id}"));
}

/// What became of operations: numbers, then everything that was not simply done.
fn ends(ends: GroupResults<'_>, out: &mut TextWriter) {
    let GroupResults { concluded, stops } = ends;
    if concluded.is_empty() && stops.is_empty() {
        return;
    }
    out.section("Outcome of groups");
    let done = concluded.iter().filter(|one| one.outcome.is_done()).count();
    out.line(&format!("  {} of {} operations done.", amount(done), amount(concluded.len())));
    for stop in stops {
        out.line(&format!("  STOPPED: {stop}"));
    }
    let row = |one: &GroupConclusion| {
        let detail = one.outcome.detail()?;
        let words = [kind(one.operation.kind()).to_owned(), visible(&one.operation.name)];
        Some([&words[..], &[one.outcome.as_str().replace('_', " "), visible(&detail)]].concat())
    };
    out.table(concluded.iter().filter_map(row).collect());
}

/// An operation as rows: the group, then what changes and who comes and goes.
fn rows(operation: &GroupOperation, plan: &GroupPlan, view: TextOptions) -> Vec<Vec<String>> {
    let group = operation.haiilo_id().map_or(String::new(), |id| format!("group {}", visible(id.as_str())));
    let head = [kind(operation.kind()).to_owned(), visible(&operation.name), operation.okta_id.to_string(), group];
    let mut rows = vec![[&head[..], &[moves(operation)]].concat()];
    let shown = |text: Option<&str>| text.map_or("(empty)".to_owned(), visible);
    for change in operation.changes() {
        let to = format!("-> {}", shown(change.to.as_deref()));
        rows.push(vec![format!("    {}", change.attribute.as_str()), shown(change.from.as_deref()), to]);
    }
    let (add, remove) = operation.moves();
    for (sign, indexes) in [("+", add), ("-", remove)] {
        rows.extend(names(indexes, &plan.people, view).into_iter().map(|name| vec![format!("    {sign}"), name]));
    }
    rows
}

/// Everything about groups as JSON; null where groups are not synced.
pub(super) fn json(report: &Report<'_>) -> Json {
    let GroupPlan { state, operations, held, blocked, approval_id, counts, people, memberships: _, warnings: _ } =
        &report.plan.groups;
    let state = match state {
        GroupState::Off => return Json::Null,
        GroupState::Unread => "unread",
        GroupState::Planned => "planned",
    };
    let GroupCounts { chosen, unchanged, unmanaged, unmanaged_members, kept, left } = counts;
    let of_operation = |operation: &GroupOperation| {
        let mut object = operation.to_json(people);
        object["removals"] = json!(operation.removals().map(removals));
        object
    };
    let of_blocked = |BlockedRemovals { okta_id, found, allowed }: &BlockedRemovals| json!({"okta_id": okta_id, "limit": "members", "found": found, "allowed": allowed});
    let GroupResults { concluded, stops } = report.groups;
    json!({
        "state": state,
        "approval_id": approval_id,
        "operations": operations.iter().map(of_operation).collect::<Vec<_>>(),
        "held": held.iter().map(of_held).collect::<Vec<_>>(),
        "blocked": blocked.iter().map(of_blocked).collect::<Vec<_>>(),
        "unchanged": unchanged,
        "counts": {
            "chosen": chosen, "unmanaged": unmanaged, "members_not_ours": unmanaged_members, "kept": kept,
            "no_longer_chosen": left,
        },
        "outcomes": concluded.iter().map(of_end).collect::<Vec<_>>(),
        "stopped": stops,
    })
}

fn removals(removals: &Removals) -> &'static str {
    match removals {
        Removals::Free => "free",
        Removals::Approved(_) => "approved",
        Removals::Blocked => "blocked",
    }
}

fn of_held(GroupHold { okta_id, haiilo_id, name, reason }: &GroupHold) -> Json {
    json!({
        "okta_id": okta_id, "haiilo_id": haiilo_id, "name": name, "code": reason.as_str(), "reason": reason.reason(),
        "remedy": reason.remedy(),
    })
}

fn of_end(GroupConclusion { operation, haiilo_id, outcome }: &GroupConclusion) -> Json {
    json!({
        "kind": operation.kind().as_str(), "okta_id": operation.okta_id, "haiilo_id": haiilo_id, "name": operation.name,
        "outcome": outcome.as_str(), "detail": outcome.detail(),
    })
}

/// A row of a table for spreadsheets: a change of a group, or why there is none.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct GroupTableRow {
    pub(super) section: &'static str,
    pub(super) kind: String,
    pub(super) okta_id: String,
    pub(super) haiilo_id: Option<String>,
    pub(super) name: String,
    pub(super) path: &'static str,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) remedy: Option<&'static str>,
}

/// Everything about groups, a row for each change, for each person who comes or goes, and for each group that is held.
pub(super) fn lines(report: &Report<'_>) -> Vec<GroupTableRow> {
    let plan = &report.plan.groups;
    let id = |id: Option<&HaiiloGroupId>| id.map(ToString::to_string);
    let mut lines: Vec<GroupTableRow> =
        plan.operations.iter().flat_map(|operation| of_change(operation, &plan.people)).collect();
    lines.extend(plan.held.iter().map(|held| GroupTableRow {
        section: "held_group",
        kind: held.reason.as_str().to_owned(),
        okta_id: held.okta_id.to_string(),
        haiilo_id: id(held.haiilo_id.as_ref()),
        name: held.name.to_string(),
        reason: Some(held.reason.reason()),
        remedy: Some(held.reason.remedy()),
        ..GroupTableRow::default()
    }));
    lines.extend(report.groups.concluded.iter().map(|one| GroupTableRow {
        section: "outcome",
        kind: format!("{} {}", one.operation.kind().as_str(), one.outcome.as_str()),
        okta_id: one.operation.okta_id.to_string(),
        haiilo_id: id(one.haiilo_id.as_ref()),
        name: one.operation.name.to_string(),
        reason: one.outcome.detail(),
        ..GroupTableRow::default()
    }));
    lines
}

fn of_change(operation: &GroupOperation, people: &MemberPeople) -> Vec<GroupTableRow> {
    let base = GroupTableRow {
        section: "group",
        kind: operation.kind().as_str().to_owned(),
        okta_id: operation.okta_id.to_string(),
        haiilo_id: operation.haiilo_id().map(ToString::to_string),
        name: operation.name.to_string(),
        ..GroupTableRow::default()
    };
    let changed = operation.changes().iter().filter(|change| !same(change.from.as_deref(), change.to.as_deref()));
    let text = |text: &Option<compact_str::CompactString>| text.as_ref().map(ToString::to_string);
    let mut lines: Vec<GroupTableRow> = changed
        .map(|change| GroupTableRow {
            path: change.attribute.as_str(),
            from: text(&change.from),
            to: text(&change.to),
            ..base.clone()
        })
        .collect();
    let who = |index: &PersonIndex| people.get(index).map(|who| who.user_name.to_string());
    let (add, remove) = operation.moves();
    lines.extend(add.iter().map(|index| GroupTableRow { path: "members", to: who(index), ..base.clone() }));
    lines.extend(remove.iter().map(|index| GroupTableRow { path: "members", from: who(index), ..base.clone() }));
    if lines.is_empty() { vec![base] } else { lines }
}
