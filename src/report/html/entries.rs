//! The people of a report, section by section, as the page shows them.

use std::collections::HashMap;

use serde::Serialize;

use crate::domain::model::ids::{HaiiloGroupId, HaiiloId, OktaUserId};
use crate::domain::model::word::Word as _;
use crate::domain::plan::cycle_plan::UnsentValue;
use crate::domain::plan::group_operation::GroupOperation;
use crate::domain::plan::hold::GroupHold;
use crate::domain::plan::operation::{Change, Operation, OperationKind};
use crate::domain::plan::outcome::{Conclusion, Outcome};
use crate::report::groups::{kind as group_kind, moves, names};
use crate::report::html::marked::Marked;
use crate::report::sharing::ToldOperations;
use crate::report::subject::{
    Report, ReportStage, SharedChanges, TextOptions, amount, attribute, blocks, due, kind, status, time, visible,
};

/// People with something in common.
#[derive(Debug, Serialize)]
pub(super) struct HtmlSection {
    /// Its name in the page, as in the picture.
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    count: String,
    remark: Option<&'static str>,
    entries: Vec<HtmlEntry>,
}

/// One person, or many who share the same changes.
#[derive(Debug, Default, Serialize)]
struct HtmlEntry {
    people: Vec<HtmlPerson>,
    /// How many, where they are many.
    many: Option<String>,
    changes: Vec<HtmlRow>,
    /// What else there is to say: a name, and a text.
    lines: Vec<(&'static str, String)>,
    /// The attributes that change, as words.
    paths: String,
    /// Why nothing is done, as a word.
    reason: &'static str,
}

#[derive(Debug, Serialize)]
struct HtmlPerson {
    name: String,
    okta_id: Option<String>,
    haiilo_id: Option<String>,
    /// What became of it, in words, and whether that is good.
    outcome: Option<(String, &'static str)>,
}

#[derive(Debug, Serialize)]
struct HtmlRow {
    attribute: String,
    from: Option<Marked>,
    to: Option<Marked>,
}

/// All sections that have somebody in them.
pub(super) fn sections(report: &Report<'_>) -> Vec<HtmlSection> {
    let outcomes = Outcomes::of(report);
    let kinds = [
        (OperationKind::Delete, "delete"),
        (OperationKind::Deactivate, "deactivate"),
        (OperationKind::Create, "create"),
        (OperationKind::Adopt, "adopt"),
        (OperationKind::Reactivate, "reactivate"),
        (OperationKind::Update, "update"),
    ];
    let operations = kinds.map(|(of, id)| {
        let ToldOperations { together, alone } =
            ToldOperations::of(of, &report.plan.people.operations, SharedChanges::Folded);
        let count = together.iter().map(Vec::len).sum::<usize>() + alone.len();
        let shared = together.iter().map(|people| operation(report, &outcomes, people));
        let entries = shared.chain(alone.iter().map(|one| operation(report, &outcomes, &[one]))).collect();
        HtmlSection { id, title: kind(report.product, of), count: amount(count), remark: None, entries }
    });
    let others = [
        section("leaver", "Leavers", None, leavers(report)),
        section("held", "Held, nothing is done about them", None, held(report)),
        section("waiting", "Waiting", None, unsent(report, &report.findings().waiting)),
        section("rejected", "Rejected values, not sent again", None, unsent(report, &report.findings().rejected)),
        section(
            "missing",
            "Missing: linked accounts that Haiilo does not show",
            Some("Find out in Haiilo who removed them; haiilo.missing = \"recreate\" makes new, empty accounts."),
            missing(report),
        ),
        section("unmanaged", "Not ours, left alone", None, unmanaged(report)),
        section("group", "Groups", None, groups(report)),
        section("held_group", "Groups that are held, nothing is done about them", None, held_groups(report)),
    ];
    operations.into_iter().chain(others).filter(|section| !section.entries.is_empty()).collect()
}

fn section(
    id: &'static str,
    title: &'static str,
    remark: Option<&'static str>,
    entries: Vec<HtmlEntry>,
) -> HtmlSection {
    HtmlSection { id, title, count: amount(entries.len()), remark, entries }
}

/// What became of whose operation.
struct Outcomes<'a>(HashMap<(&'a OktaUserId, OperationKind), &'a Outcome>);

impl<'a> Outcomes<'a> {
    fn of(report: &Report<'a>) -> Self {
        let concluded: &[Conclusion] = match report.stage {
            ReportStage::DryRun | ReportStage::Blocked | ReportStage::Paused(_) => &[],
            ReportStage::Applied { concluded, stops: _ } => concluded,
        };
        Self(concluded.iter().map(|one| ((&one.operation.okta_id, one.operation.kind()), &one.outcome)).collect())
    }

    fn told(&self, operation: &Operation) -> Option<(String, &'static str)> {
        self.0.get(&(&operation.okta_id, operation.kind())).map(|outcome| told(outcome))
    }
}

/// How an operation ended, in words, and whether that is good.
fn told(outcome: &Outcome) -> (String, &'static str) {
    let word = outcome.as_str().replace('_', " ");
    let text = outcome.detail().map_or(word.clone(), |detail| format!("{word}: {}", visible(&detail)));
    (text, if outcome.is_done() { "good" } else { "bad" })
}

fn operation(report: &Report<'_>, outcomes: &Outcomes<'_>, people: &[&Operation]) -> HtmlEntry {
    let changes = people.first().map_or(&[][..], |one| one.changes());
    let paths: Vec<String> = changes.iter().map(|change| change.path.to_string()).collect();
    HtmlEntry {
        many: (people.len() > 1).then(|| amount(people.len())),
        people: people
            .iter()
            .map(|one| HtmlPerson {
                name: visible(one.user_name.as_str()),
                okta_id: Some(one.okta_id.to_string()),
                haiilo_id: one.haiilo_id().map(|id| visible(id.as_str())),
                outcome: outcomes.told(one),
            })
            .collect(),
        changes: changes.iter().map(|change| row(report, change)).collect(),
        paths: paths.join("\n"),
        ..HtmlEntry::default()
    }
}

fn row(report: &Report<'_>, Change { path, from, to, kind: _, element: _ }: &Change) -> HtmlRow {
    let attribute = attribute(report.product, path);
    let (from, to) = match (from, to) {
        (Some(from), Some(to)) => {
            let (from, to) = Marked::both(&from.shown(), &to.shown());
            (Some(from), Some(to))
        }
        (from, to) => {
            let whole = |value: &crate::domain::scim::value::Value| Marked::whole(&value.shown());
            (from.as_ref().map(whole), to.as_ref().map(whole))
        }
    };
    HtmlRow { attribute, from, to }
}

fn one(name: &str, okta_id: Option<String>, haiilo_id: Option<&str>) -> Vec<HtmlPerson> {
    vec![HtmlPerson { name: visible(name), okta_id, haiilo_id: haiilo_id.map(visible), outcome: None }]
}

/// By the day on which they are due; those who are kept come last.
fn leavers(report: &Report<'_>) -> Vec<HtmlEntry> {
    let mut leavers: Vec<_> = report.findings().leavers.iter().collect();
    leavers.sort_by_key(|leaver| (due(&leaver.status).is_none(), due(&leaver.status), leaver.user_name.clone()));
    let entry = |leaver: &&crate::domain::plan::leaver::Leaver| HtmlEntry {
        people: one(leaver.user_name.as_str(), Some(leaver.okta_id.to_string()), Some(leaver.haiilo_id.as_str())),
        lines: vec![
            ("what happens", status(report.product, leaver)),
            ("evidence", format!("{} since {}", leaver.evidence.as_str(), time(leaver.since))),
        ],
        reason: leaver.evidence.as_str(),
        ..HtmlEntry::default()
    };
    leavers.iter().map(entry).collect()
}

fn held(report: &Report<'_>) -> Vec<HtmlEntry> {
    let mut people: Vec<_> = report.findings().held.iter().collect();
    people.sort_by(|left, right| (&left.user_name, &left.okta_id).cmp(&(&right.user_name, &right.okta_id)));
    let entry = |held: &&crate::domain::plan::hold::Hold| HtmlEntry {
        people: one(
            held.user_name.as_ref().map_or("", |name| name.as_str()),
            Some(held.okta_id.to_string()),
            held.haiilo_id.as_ref().map(HaiiloId::as_str),
        ),
        lines: vec![("why", visible(&held.reason.reason())), ("what to do", held.reason.remedy().to_owned())],
        reason: held.reason.code(),
        ..HtmlEntry::default()
    };
    people.iter().map(entry).collect()
}

fn unsent(report: &Report<'_>, values: &[UnsentValue]) -> Vec<HtmlEntry> {
    let mut values: Vec<&UnsentValue> = values.iter().collect();
    values.sort_by(|left, right| {
        (&left.user_name, left.path.to_string()).cmp(&(&right.user_name, right.path.to_string()))
    });
    let entry = |unsent: &&UnsentValue| {
        let value = unsent.value.as_ref().map(|value| Marked::whole(&value.shown()));
        HtmlEntry {
            people: one(
                unsent.user_name.as_str(),
                Some(unsent.okta_id.to_string()),
                unsent.haiilo_id.as_ref().map(HaiiloId::as_str),
            ),
            changes: vec![HtmlRow { attribute: attribute(report.product, &unsent.path), from: None, to: value }],
            lines: vec![("why", format!("{}{}", visible(&unsent.reason), blocks(unsent.blocks)))],
            paths: unsent.path.to_string(),
            ..HtmlEntry::default()
        }
    };
    values.iter().map(entry).collect()
}

fn missing(report: &Report<'_>) -> Vec<HtmlEntry> {
    let mut missing: Vec<_> = report.findings().missing.iter().collect();
    missing.sort_by(|left, right| (&left.user_name, &left.okta_id).cmp(&(&right.user_name, &right.okta_id)));
    let entry = |missing: &&crate::domain::plan::cycle_plan::Missing| HtmlEntry {
        people: one(missing.user_name.as_str(), Some(missing.okta_id.to_string()), Some(missing.haiilo_id.as_str())),
        lines: vec![(
            "not shown",
            missing.since.map_or("yet; it may wait for a seat".to_owned(), |since| format!("since {}", time(since))),
        )],
        ..HtmlEntry::default()
    };
    missing.iter().map(entry).collect()
}

/// What is done to groups, in the order in which it is done.
fn groups(report: &Report<'_>) -> Vec<HtmlEntry> {
    let plan = &report.plan.groups;
    let entry = |operation: &GroupOperation| {
        let ends = report.groups.concluded.iter();
        let end = ends
            .filter(|one| one.operation.okta_id == operation.okta_id)
            .find(|one| one.operation.kind() == operation.kind());
        let (add, remove) = operation.moves();
        let mut lines = vec![("what happens", format!("{} {}", group_kind(operation.kind()), moves(operation)))];
        for (word, indexes) in [("come in", add), ("go out", remove)] {
            let people = names(indexes, &plan.people, TextOptions::default());
            lines.extend((!people.is_empty()).then(|| (word, people.join(", "))));
        }
        let group = operation.haiilo_id().map(HaiiloGroupId::as_str);
        let mut people = one(&operation.name, Some(operation.okta_id.to_string()), group);
        people[0].outcome = end.map(|end| told(&end.outcome));
        let changes = operation.changes().iter().map(|change| {
            let whole = |text: &Option<compact_str::CompactString>| text.as_ref().map(|text| Marked::whole(text));
            HtmlRow {
                attribute: change.attribute.as_str().to_owned(),
                from: whole(&change.from),
                to: whole(&change.to),
            }
        });
        HtmlEntry { people, changes: changes.collect(), lines, ..HtmlEntry::default() }
    };
    plan.operations.iter().map(entry).collect()
}

fn held_groups(report: &Report<'_>) -> Vec<HtmlEntry> {
    let entry = |held: &GroupHold| HtmlEntry {
        people: one(&held.name, Some(held.okta_id.to_string()), held.haiilo_id.as_ref().map(HaiiloGroupId::as_str)),
        lines: vec![("why", visible(&held.reason.reason())), ("what to do", held.reason.remedy().to_owned())],
        reason: held.reason.as_str(),
        ..HtmlEntry::default()
    };
    report.plan.groups.held.iter().map(entry).collect()
}

fn unmanaged(report: &Report<'_>) -> Vec<HtmlEntry> {
    let mut accounts: Vec<_> = report.findings().unmanaged.iter().collect();
    accounts.sort_by(|left, right| (&left.user_name, &left.haiilo_id).cmp(&(&right.user_name, &right.haiilo_id)));
    let entry = |account: &&crate::domain::plan::cycle_plan::Unmanaged| HtmlEntry {
        people: one(
            account.user_name.as_ref().map_or("(no userName)", |name| name.as_str()),
            None,
            Some(account.haiilo_id.as_str()),
        ),
        ..HtmlEntry::default()
    };
    accounts.iter().map(entry).collect()
}
