//! The people and groups of a report, section by section, as the page shows them; of two values the part that differs is marked.

use std::collections::HashMap;
use std::fmt::Display;

use serde::Serialize;

use crate::domain::model::ids::{OktaUserId, UserName};
use crate::domain::model::word::Word as _;
use crate::domain::plan::cycle_plan::{Missing, Unmanaged, UnsentValue};
use crate::domain::plan::group_operation::{GroupChange, GroupOperation};
use crate::domain::plan::hold::{GroupHold, Hold};
use crate::domain::plan::leaver::Leaver;
use crate::domain::plan::operation::{Change, Operation, OperationKind};
use crate::domain::plan::outcome::Outcome;
use crate::domain::scim::value::Value;
use crate::report::model::{Report, SharedChanges, TextOptions, ToldOperations, member_moves, member_names};
use crate::report::words::{
    amount, attribute, due, ended, group_kind, kind, shown_name, sorted, status, time, visible, why_unsent,
};

/// Of a longer text a report shows the beginning, in characters.
const LONGEST: usize = 2_000;

/// People with something in common.
#[derive(Debug, Serialize)]
pub(super) struct HtmlSection {
    /// Its name in the page, as in the picture.
    id: &'static str,
    title: String,
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

#[derive(Debug, Default, Serialize)]
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

/// All sections that are not empty.
pub(super) fn sections(report: &Report<'_>) -> Vec<HtmlSection> {
    let (findings, product) = (report.findings(), report.product);
    let outcomes = report.concluded().iter().map(|one| ((&one.operation.okta_id, one.operation.kind()), &one.outcome));
    let outcomes: Outcomes<'_> = outcomes.collect();
    let kinds = [
        (OperationKind::Delete, "delete"),
        (OperationKind::Deactivate, "deactivate"),
        (OperationKind::Create, "create"),
        (OperationKind::Adopt, "adopt"),
        (OperationKind::Reactivate, "reactivate"),
        (OperationKind::Update, "update"),
    ];
    let operations = kinds.map(|(of, id)| {
        let told = ToldOperations::of(of, &report.plan.people.operations, SharedChanges::Folded);
        let shared = told.together.iter().map(|people| operation(report, &outcomes, people));
        let entries = shared.chain(told.alone.iter().map(|one| operation(report, &outcomes, &[one]))).collect();
        HtmlSection { count: amount(told.count()), ..section(id, &kind(product, of), entries) }
    });
    let leavers =
        sorted(&findings.leavers, |leaver| (due(&leaver.status).is_none(), due(&leaver.status), &leaver.user_name));
    let people = sorted(&findings.held, |held| (&held.name, &held.okta_id));
    let not_shown = sorted(&findings.missing, |missing| (&missing.user_name, &missing.okta_id));
    let not_ours = sorted(&findings.unmanaged, |account| (&account.user_name, &account.haiilo_id));
    let groups = &report.plan.groups;
    let others = [
        // By the day on which they are due; those who are kept come last.
        section("leaver", "Leavers", leavers.into_iter().map(|one| leaver(report, one)).collect()),
        section("held", "Held, nothing is done about them", people.into_iter().map(held).collect()),
        section("waiting", "Waiting", unsent(report, &findings.waiting)),
        section("rejected", "Rejected values, not sent again", unsent(report, &findings.rejected)),
        HtmlSection {
            remark: Some(
                "Find out in Haiilo who removed them; haiilo.missing = \"recreate\" makes new, empty accounts.",
            ),
            ..section(
                "missing",
                "Missing: linked accounts that Haiilo does not show",
                not_shown.into_iter().map(missing).collect(),
            )
        },
        section("unmanaged", "Unmanaged, left alone", not_ours.into_iter().map(unmanaged).collect()),
        // In the order in which it is done.
        section("group", "Groups", groups.operations.iter().map(|one| group(report, one)).collect()),
        section(
            "held_group",
            "Groups that are held, nothing is done about them",
            groups.held.iter().map(held_group).collect(),
        ),
    ];
    operations.into_iter().chain(others).filter(|section| !section.entries.is_empty()).collect()
}

fn section(id: &'static str, title: &str, entries: Vec<HtmlEntry>) -> HtmlSection {
    HtmlSection { id, title: title.to_owned(), count: amount(entries.len()), remark: None, entries }
}

/// What became of whose operation.
type Outcomes<'a> = HashMap<(&'a OktaUserId, OperationKind), &'a Outcome>;

/// How an operation ended, in words, and whether that is good.
fn told(outcome: &Outcome) -> (String, &'static str) {
    let detail = outcome.detail().map_or(String::new(), |detail| format!(": {}", visible(&detail)));
    (format!("{}{detail}", ended(outcome)), if outcome.is_done() { "good" } else { "bad" })
}

/// A person or a group, with the ids on both sides.
fn named(name: &str, okta_id: &impl Display, haiilo_id: Option<&impl Display>) -> HtmlPerson {
    let haiilo_id = haiilo_id.map(|id| visible(&id.to_string()));
    HtmlPerson { name: visible(name), okta_id: Some(okta_id.to_string()), haiilo_id, outcome: None }
}

fn operation(report: &Report<'_>, outcomes: &Outcomes<'_>, people: &[&Operation]) -> HtmlEntry {
    let changes = people.first().map_or(&[][..], |one| one.changes());
    let paths: Vec<String> = changes.iter().map(|change| change.path.to_string()).collect();
    let person = |one: &&Operation| HtmlPerson {
        outcome: outcomes.get(&(&one.okta_id, one.kind())).map(|outcome| told(outcome)),
        ..named(one.user_name.as_str(), &one.okta_id, one.haiilo_id())
    };
    HtmlEntry {
        many: (people.len() > 1).then(|| amount(people.len())),
        people: people.iter().map(person).collect(),
        changes: changes.iter().map(|change| row(report, change)).collect(),
        paths: paths.join("\n"),
        ..HtmlEntry::default()
    }
}

fn row(report: &Report<'_>, Change { path, from, to, kind: _, element: _ }: &Change) -> HtmlRow {
    let whole = |value: &Option<Value>| value.as_ref().map(|value| Marked::whole(&value.shown()));
    let (from, to) = match (from, to) {
        (Some(from), Some(to)) => {
            let (from, to) = Marked::both(&from.shown(), &to.shown());
            (Some(from), Some(to))
        }
        (from, to) => (whole(from), whole(to)),
    };
    HtmlRow { attribute: attribute(report.product, path), from, to }
}

fn leaver(report: &Report<'_>, leaver: &Leaver) -> HtmlEntry {
    let evidence = leaver.evidence.as_str();
    HtmlEntry {
        people: vec![named(leaver.user_name.as_str(), &leaver.okta_id, Some(&leaver.haiilo_id))],
        lines: vec![
            ("what happens", status(report.product, leaver)),
            ("evidence", format!("{evidence} since {}", time(leaver.since))),
        ],
        reason: evidence,
        ..HtmlEntry::default()
    }
}

fn held(Hold { okta_id, haiilo_id, name, reason }: &Hold) -> HtmlEntry {
    let name = name.as_ref().map_or("", UserName::as_str);
    on_hold(named(name, okta_id, haiilo_id.as_ref()), reason.code(), &reason.reason(), reason.remedy())
}

fn held_group(GroupHold { okta_id, haiilo_id, name, reason }: &GroupHold) -> HtmlEntry {
    on_hold(named(name, okta_id, haiilo_id.as_ref()), reason.as_str(), &reason.reason(), reason.remedy())
}

fn on_hold(who: HtmlPerson, code: &'static str, why: &str, remedy: &str) -> HtmlEntry {
    let lines = vec![("why", visible(why)), ("what to do", remedy.to_owned())];
    HtmlEntry { people: vec![who], lines, reason: code, ..HtmlEntry::default() }
}

fn unsent(report: &Report<'_>, values: &[UnsentValue]) -> Vec<HtmlEntry> {
    let entry = |unsent: &UnsentValue| {
        let to = unsent.value.as_ref().map(|value| Marked::whole(&value.shown()));
        HtmlEntry {
            people: vec![named(unsent.user_name.as_str(), &unsent.okta_id, unsent.haiilo_id.as_ref())],
            changes: vec![HtmlRow { attribute: attribute(report.product, &unsent.path), from: None, to }],
            lines: vec![("why", why_unsent(unsent))],
            paths: unsent.path.to_string(),
            ..HtmlEntry::default()
        }
    };
    sorted(values, |unsent| (&unsent.user_name, unsent.path.to_string())).into_iter().map(entry).collect()
}

fn missing(Missing { okta_id, haiilo_id, user_name, since }: &Missing) -> HtmlEntry {
    let since = since.map_or("yet; it may wait for a seat".to_owned(), |since| format!("since {}", time(since)));
    HtmlEntry {
        people: vec![named(user_name.as_str(), okta_id, Some(haiilo_id))],
        lines: vec![("not shown", since)],
        ..HtmlEntry::default()
    }
}

fn unmanaged(Unmanaged { haiilo_id, user_name }: &Unmanaged) -> HtmlEntry {
    let (name, haiilo_id) = (shown_name(user_name.as_ref()), Some(visible(haiilo_id.as_str())));
    HtmlEntry { people: vec![HtmlPerson { name, haiilo_id, ..HtmlPerson::default() }], ..HtmlEntry::default() }
}

fn group(report: &Report<'_>, operation: &GroupOperation) -> HtmlEntry {
    let kind = operation.kind();
    let mut ends = report.groups.concluded.iter().map(|one| (&one.operation, &one.outcome));
    let end = ends.find(|(ended, _)| ended.okta_id == operation.okta_id && ended.kind() == kind);
    let outcome = end.map(|(_, outcome)| told(outcome));
    let (add, remove) = operation.moves();
    let mut lines = vec![("what happens", format!("{} {}", group_kind(kind), member_moves(operation)))];
    for (word, indexes) in [("come in", add), ("go out", remove)] {
        let people = member_names(indexes, &report.plan.groups.people, TextOptions::default());
        lines.extend((!people.is_empty()).then(|| (word, people.join(", "))));
    }
    let change = |GroupChange { attribute, from, to }: &GroupChange| HtmlRow {
        attribute: attribute.as_str().to_owned(),
        from: from.as_deref().map(Marked::whole),
        to: to.as_deref().map(Marked::whole),
    };
    HtmlEntry {
        people: vec![HtmlPerson { outcome, ..named(&operation.name, &operation.okta_id, operation.haiilo_id()) }],
        changes: operation.changes().iter().map(change).collect(),
        lines,
        ..HtmlEntry::default()
    }
}

/// A text in three parts, of which the middle one differs from the other side.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Marked {
    before: String,
    differs: String,
    after: String,
    /// How many characters are not shown.
    rest: usize,
}

impl Marked {
    /// A text that is compared with nothing.
    fn whole(text: &str) -> Self {
        let (shown, rest) = cut(text);
        Self { before: visible(shown), rest, ..Self::default() }
    }

    /// Both sides of a change.
    fn both(from: &str, to: &str) -> (Self, Self) {
        let ((from, from_rest), (to, to_rest)) = (cut(from), cut(to));
        let start = in_common(from.chars().zip(to.chars()));
        let end = in_common(from[start..].chars().rev().zip(to[start..].chars().rev()));
        (Self::parts(from, start, end, from_rest), Self::parts(to, start, end, to_rest))
    }

    fn parts(text: &str, start: usize, end: usize, rest: usize) -> Self {
        let (before, text) = text.split_at(start);
        let (differs, after) = text.split_at(text.len() - end);
        Self { before: visible(before), differs: visible(differs), after: visible(after), rest }
    }
}

/// How many bytes both sides have in common from here on. One letter says nothing.
fn in_common(sides: impl Iterator<Item = (char, char)>) -> usize {
    let letters: Vec<char> = sides.take_while(|(left, right)| left == right).map(|(left, _)| left).collect();
    if letters.len() < 2 { 0 } else { letters.into_iter().map(char::len_utf8).sum() }
}

fn cut(text: &str) -> (&str, usize) {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => (&text[..at], text[at..].chars().count()),
        None => (text, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Marked};

    #[track_caller]
    fn check(from: &str, to: &str, expected: [&str; 2]) {
        let (from, to) = Marked::both(from, to);
        let shown = |marked: &Marked| format!("{}[{}]{}", marked.before, marked.differs, marked.after);
        assert_eq!([shown(&from), shown(&to)], expected);
    }

    #[test]
    fn what_differs_is_marked_and_nothing_else() {
        check("Sales", "Revenue", ["[Sales]", "[Revenue]"]);
        check("Berlin Mitte", "Berlin West", ["Berlin [Mitte]", "Berlin [West]"]);
        check("ada@old.example", "ada@new.example", ["ada@[old].example", "ada@[new].example"]);
        check("aa", "aaa", ["aa[]", "aa[a]"]);
        check("Zoë", "Zoé", ["Zo[ë]", "Zo[é]"]);
        check("same", "same", ["same[]", "same[]"]);
        check("asa@example.com", "a.new@example.com", ["[asa]@example.com", "[a.new]@example.com"]);
        check("ada\u{202e}may", "adamay", ["ada[\\u{202e}]may", "ada[]may"]);
    }

    #[test]
    fn of_a_long_text_the_beginning_is_shown_and_how_much_is_left_out() {
        let long = "é".repeat(LONGEST + 7);
        let marked = Marked::whole(&long);
        assert_eq!((marked.before.chars().count(), marked.rest), (LONGEST, 7));
        assert_eq!(Marked::whole("short").rest, 0);
        let (from, to) = Marked::both(&long, "é");
        assert_eq!((from.rest, to.rest), (7, 0));
    }
}
