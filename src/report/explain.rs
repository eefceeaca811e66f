//! Everything about one person, as text: what happens and why, then what each side says, rule by rule.

use crate::domain::explain::explanation::{Explanation, OperatorStatement, PersonPlan};
use crate::domain::explain::memberships::GroupOfPerson;
use crate::domain::listing::snapshot::PersonState;
use crate::domain::mapping::{INCLUDE, Traced};
use crate::domain::model::account::{Account, Activity};
use crate::domain::model::assignment::{AssignmentMeaning, Eligibility, EligibilityDoubt, UserStatus};
use crate::domain::model::link::{Listed, Origin};
use crate::domain::model::person::DesiredValue;
use crate::domain::model::policy::Product;
use crate::domain::model::word::Word as _;
use crate::domain::plan::cycle_plan::UnsentValue;
use crate::domain::plan::hold::HoldReason;
use crate::domain::plan::operation::Operation;
use crate::domain::state::journal::JournalEntry;
use crate::report::journal;
use crate::report::sheet::TextWriter;
use crate::report::subject::{attribute, kind, part_name, shown, status, time, visible};

/// One person with the journal's entries.
#[derive(Clone, Debug)]
pub struct PersonExplanation {
    /// What is known.
    pub explanation: Explanation,
    /// What was done, the oldest first.
    pub journal: Vec<JournalEntry>,
}

/// An answer about a login: the people whom it means, and accounts that carry it and are nobody's of them.
#[derive(Clone, Debug)]
pub struct LoginExplanation {
    /// The product.
    pub product: Product,
    /// People.
    pub people: Vec<PersonExplanation>,
    /// Accounts that are not ours.
    pub unmanaged: Vec<Account>,
}

/// The answer as text.
pub fn text(answer: &LoginExplanation, width: Option<u16>) -> String {
    let mut out = TextWriter::new(width);
    for PersonExplanation { explanation, journal } in &answer.people {
        person(answer.product, explanation, &mut out);
        out.section(&format!("Journal ({})", journal.len()));
        for line in journal::text(journal).lines() {
            out.line(&format!("  {line}"));
        }
        out.line("");
    }
    for account in &answer.unmanaged {
        stranger(account, &mut out);
    }
    out.into_text()
}

fn person(product: Product, one: &Explanation, out: &mut TextWriter) {
    let name = one.user_name().map_or("(no userName)".to_owned(), |name| visible(name.as_str()));
    out.line(&format!("{name}  {}", one.asked.id));
    out.section("What happens");
    for line in what_happens(product, one) {
        out.line(&format!("  {line}"));
    }
    out.section("Okta");
    out.table(okta(one));
    mapping(product, one, out);
    out.section("Haiilo");
    out.table(haiilo(one));
    if !one.groups.is_empty() {
        out.section("Groups");
        let row = |group: &GroupOfPerson| {
            vec![visible(&group.name), group.okta_id.to_string(), group.happens.as_str().to_owned()]
        };
        out.table(one.groups.iter().map(row).collect());
    }
    if one.leaver.is_some() || one.planned.leaver.is_some() {
        out.section("Leaver");
        out.table(leaver(product, one));
    }
}

/// What the plan does, or why it does nothing.
pub(super) fn what_happens(product: Product, one: &Explanation) -> Vec<String> {
    let PersonPlan { operations, leaver, held, waiting, rejected, missing } = &one.planned;
    let mut lines: Vec<String> = operations.iter().flat_map(|operation| of_operation(product, operation)).collect();
    lines.extend(leaver.iter().map(|leaver| format!("leaver: {}", status(product, leaver))));
    for held in held {
        lines.push(format!("held: {}", visible(&held.reason.reason())));
        lines.push(format!("  what to do: {}", held.reason.remedy()));
    }
    let unsent = |what: &str, unsent: &UnsentValue| {
        let path = attribute(product, &unsent.path);
        format!("{what}: {path} {}: {}", shown(unsent.value.as_ref()), visible(&unsent.reason))
    };
    lines.extend(waiting.iter().map(|value| unsent("waiting", value)));
    lines.extend(rejected.iter().map(|value| unsent("rejected, not sent again", value)));
    if missing.is_some() {
        lines.push("missing: Haiilo does not show the account".to_owned());
    }
    if lines.is_empty() {
        lines.push(format!("nothing: {}", why_nothing(one)));
    }
    lines
}

fn of_operation(product: Product, operation: &Operation) -> Vec<String> {
    let head = kind(product, operation.kind()).to_owned();
    let change = |change: &crate::domain::plan::operation::Change| {
        let path = attribute(product, &change.path);
        format!("  {path}  {} -> {}", shown(change.from.as_ref()), shown(change.to.as_ref()))
    };
    [head].into_iter().chain(operation.changes().iter().map(change)).collect()
}

/// Why a plan has nothing about somebody.
fn why_nothing(one: &Explanation) -> &'static str {
    let has_account = one.link.is_some();
    match (&one.listed, &one.asked.user) {
        (Some(PersonState::Wanted(_)), _) => "the account is as it shall be",
        (Some(PersonState::OutOfScope), _) => {
            "people.include of the mapping leaves this person out; account and link stay as they are"
        }
        (Some(PersonState::Staged), _) => "the person has not started yet (okta.staged = \"skip\")",
        (Some(PersonState::Left), _) if !has_account => "the person has left, and no account of ours is linked",
        (Some(_), _) => "what Okta shows decides nothing",
        (None, None) => "Okta has no such user, or does not show it to these credentials; no account of ours is linked",
        (None, Some(_)) if has_account => "the person is not assigned any more, and the account stays as it is",
        (None, Some(_)) => "the person is not assigned to the application, and no account of ours is linked",
    }
}

fn okta(one: &Explanation) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![format!(" {name}"), value]);
    let word = one.asked.status.as_deref().map_or(String::new(), |word| format!("{}: ", visible(word)));
    row(
        "user",
        match &one.asked.user {
            None => "Okta has no such user, or does not show it to these credentials".to_owned(),
            Some(user) => {
                let becoming = if user.becoming.is_some() { ", and Okta is changing that" } else { "" };
                format!("{word}{}{becoming}", user_status(&user.status))
            }
        },
    );
    match &one.asked.assignment {
        None => row("assignment", "none".to_owned()),
        Some(assignment) => {
            let meaning = match assignment.status.meaning() {
                AssignmentMeaning::Usable => "has the application",
                AssignmentMeaning::Ended => "had the application",
                AssignmentMeaning::Unclear => "a status that decides nothing",
            };
            let via = match assignment.via {
                crate::domain::model::assignment::Via::User => "assigned directly",
                crate::domain::model::assignment::Via::Group => "assigned by a group",
            };
            row("assignment", format!("{}: {meaning}; {via}", visible(assignment.status.as_str())));
            let name = assignment.user_name.as_ref().map_or("(none)".to_owned(), |name| visible(name.as_str()));
            row("userName there", name);
        }
    }
    row("in the listing", if one.listed.is_some() { "yes".to_owned() } else { "no".to_owned() });
    if let Some(eligibility) = &one.eligibility {
        row("both together", eligibility_in_words(eligibility).to_owned());
    }
    for said in &one.said {
        row(
            "decided",
            match said {
                OperatorStatement::ConfirmedNew => "`confirm-new`: this is a new person".to_owned(),
                OperatorStatement::Recreated => "`recreate`: never a leaver until assigned once".to_owned(),
            },
        );
    }
    rows
}

fn user_status(status: &UserStatus) -> &'static str {
    match status {
        UserStatus::Working => "works here",
        UserStatus::Staged => "has not started",
        UserStatus::Suspended => "suspended (okta.suspended decides)",
        UserStatus::Deactivated => "deactivated",
        UserStatus::Unclear(_) => "a status that is not known, so that the person is held",
    }
}

pub(super) fn eligibility_in_words(eligibility: &Eligibility) -> &'static str {
    match eligibility {
        Eligibility::Assigned => "shall have an account",
        Eligibility::Staged => "not yet: okta.staged = \"skip\"",
        Eligibility::Left => "has left",
        Eligibility::Unclear(doubt) => match doubt {
            EligibilityDoubt::Assignment(_) | EligibilityDoubt::User(_) => "nothing can be concluded",
            EligibilityDoubt::BeingDeactivated => "Okta is deactivating the user",
            EligibilityDoubt::UserNotReadable => "Okta does not show the user",
        },
    }
}

fn mapping(product: Product, one: &Explanation, out: &mut TextWriter) {
    if one.mapping.is_empty() {
        return;
    }
    out.section("Mapping");
    for (traced, held) in &one.mapping {
        let Traced { place, source, reads, yields } = traced;
        let label = part_name(product, place);
        out.line(&format!("  {label} = {}", visible(source)));
        for (name, value) in reads {
            let value = value.as_ref().map_or("(empty)".to_owned(), |value| visible(value));
            out.line(&format!("      {name}: {value}"));
        }
        out.line(&format!("      gives: {}", wanted(yields)));
        if one.account.is_some() && place != INCLUDE {
            out.line(&format!("      Haiilo has: {}", shown(held.as_ref())));
        }
    }
}

/// What a rule came to, in words.
pub(super) fn wanted(yields: &Result<DesiredValue, String>) -> String {
    match yields {
        Ok(DesiredValue::Set(value)) => shown(Some(value)),
        Ok(DesiredValue::Leave) => "nothing, so that the account keeps what it has".to_owned(),
        Ok(DesiredValue::Clear) => "nothing, so that the attribute is cleared".to_owned(),
        Err(why) => format!("no account: {}", visible(why)),
    }
}

fn haiilo(one: &Explanation) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![format!(" {name}"), value]);
    let adopts =
        one.planned.operations.iter().any(|one| one.kind() == crate::domain::plan::operation::OperationKind::Adopt);
    match &one.link {
        Some(link) => {
            let origin = match link.origin {
                Origin::Created => "made by us",
                Origin::Adopted => "existed before us",
            };
            row("match", format!("by the link to account {}, {origin}", visible(link.haiilo_id.as_str())));
            row("userName last seen", visible(link.user_name.as_str()));
            if link.listed == Listed::Never {
                row("listing", "never showed the account yet; it may wait for a seat".to_owned());
            }
            if let Some(absence) = &link.missing {
                row("missing since", time(absence.since));
            }
        }
        None if adopts => row("match", "by userName, to be adopted".to_owned()),
        None => row("match", "no account is linked".to_owned()),
    }
    if let Some(account) = &one.account {
        row("account", of_account(account));
    }
    if let Some(pattern) = &one.protected {
        row("protected by", visible(pattern));
    }
    rows
}

fn of_account(Account { id, user_name, activity, values: _, without_element: _ }: &Account) -> String {
    let name = user_name.as_ref().map_or("(no userName)".to_owned(), |name| visible(name.as_str()));
    let activity = match activity {
        Activity::Active => "active",
        Activity::Inactive => "inactive",
    };
    format!("{}, {name}, {activity}", visible(id.as_str()))
}

fn leaver(product: Product, one: &Explanation) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![format!(" {name}"), value]);
    if let Some(record) = &one.leaver {
        row("gone since", time(record.absence.since));
        match &record.clock {
            Some(clock) => {
                row("evidence", clock.evidence.as_str().to_owned());
                row("action", clock.action.as_str().to_owned());
                row("clock since", time(clock.from));
            }
            None => row("evidence", "none yet, so that no clock runs".to_owned()),
        }
    }
    if let Some(leaver) = &one.planned.leaver {
        row("account", status(product, leaver));
    }
    rows
}

fn stranger(account: &Account, out: &mut TextWriter) {
    out.line(&format!("Account {}", of_account(account)));
    out.line("  Not ours, left alone: no link leads to it, and nobody who is assigned wants its userName.");
}

/// Why somebody is held, as a short name for machines.
pub(super) fn codes(one: &Explanation) -> Vec<&'static str> {
    one.planned.held.iter().map(|held| HoldReason::code(&held.reason)).collect()
}
