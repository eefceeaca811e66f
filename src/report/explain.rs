//! Everything about one person: what happens and why, then what each side says, rule by rule; as text, and as JSON for scripts.

use serde_json::{Value as Json, json};

use crate::domain::explain::explanation::{Explanation, OperatorStatement, PersonPlan};
use crate::domain::explain::memberships::GroupOfPerson;
use crate::domain::listing::snapshot::PersonState;
use crate::domain::mapping::{INCLUDE, Traced};
use crate::domain::model::account::{Account, Activity};
use crate::domain::model::assignment::{Assignment, AssignmentMeaning, Eligibility, EligibilityDoubt, UserStatus, Via};
use crate::domain::model::link::{Link, Listed, Origin};
use crate::domain::model::person::DesiredValue;
use crate::domain::model::policy::Product;
use crate::domain::model::word::Word as _;
use crate::domain::plan::cycle_plan::UnsentValue;
use crate::domain::plan::leaver::{GracePeriod, LeaverRecord};
use crate::domain::plan::operation::{Change, Operation, OperationKind};
use crate::domain::scim::value::Value;
use crate::domain::state::journal::JournalEntry;
use crate::report::journal;
use crate::report::json::array;
use crate::report::text::writer::TextWriter;
use crate::report::words::{attribute, due, kind, part_name, shown, shown_name, stamp, status, time, visible};

/// One person with the journal's entries.
#[derive(Clone, Debug)]
pub struct PersonExplanation {
    /// What is known.
    pub explanation: Explanation,
    /// What was done, the oldest first.
    pub journal: Vec<JournalEntry>,
}

/// An answer about a login: the people that it names, and accounts that carry it and belong to none of them.
#[derive(Clone, Debug)]
pub struct LoginExplanation {
    /// The product.
    pub product: Product,
    /// People.
    pub people: Vec<PersonExplanation>,
    /// Unmanaged accounts.
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
    out.line(&format!("{}  {}", shown_name(one.user_name()), one.asked.id));
    out.section("What happens");
    for line in what_happens(product, one) {
        out.line(&format!("  {line}"));
    }
    facts("Okta", okta(one), out);
    mapping(product, one, out);
    facts("Haiilo", haiilo(one), out);
    if !one.groups.is_empty() {
        out.section("Groups");
        let row = |group: &GroupOfPerson| {
            vec![visible(&group.name), group.okta_id.to_string(), group.happens.as_str().to_owned()]
        };
        out.table(one.groups.iter().map(row).collect());
    }
    facts("Leaver", leaver(product, one), out);
}

/// A section of names with values, where there are any.
fn facts(title: &str, facts: Vec<(&str, String)>, out: &mut TextWriter) {
    if !facts.is_empty() {
        out.section(title);
        out.table(facts.into_iter().map(|(name, value)| vec![format!(" {name}"), value]).collect());
    }
}

/// What the plan does, or why it does nothing.
fn what_happens(product: Product, one: &Explanation) -> Vec<String> {
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
    let change = |change: &Change| {
        let path = attribute(product, &change.path);
        format!("  {path}  {} -> {}", shown(change.from.as_ref()), shown(change.to.as_ref()))
    };
    std::iter::once(kind(product, operation.kind())).chain(operation.changes().iter().map(change)).collect()
}

/// Why a plan has nothing about a person.
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

fn okta(one: &Explanation) -> Vec<(&'static str, String)> {
    let word = one.asked.status.as_deref().map_or(String::new(), |word| format!("{}: ", visible(word)));
    let user = one.asked.user.as_ref().map_or(
        "Okta has no such user, or does not show it to these credentials".to_owned(),
        |user| {
            let becoming = if user.becoming.is_some() { ", and Okta is changing that" } else { "" };
            format!("{word}{}{becoming}", user_status(&user.status))
        },
    );
    let mut facts = vec![("user", user)];
    match &one.asked.assignment {
        None => facts.push(("assignment", "none".to_owned())),
        Some(assignment) => {
            let meaning = match assignment.status.meaning() {
                AssignmentMeaning::Usable => "has the application",
                AssignmentMeaning::Ended => "had the application",
                AssignmentMeaning::Unclear => "a status that decides nothing",
            };
            let via = match assignment.via {
                Via::User => "assigned directly",
                Via::Group => "assigned by a group",
            };
            let name = assignment.user_name.as_ref().map_or("(none)".to_owned(), |name| visible(name.as_str()));
            facts.push(("assignment", format!("{}: {meaning}; {via}", visible(assignment.status.as_str()))));
            facts.push(("userName there", name));
        }
    }
    facts.push(("in the listing", if one.listed.is_some() { "yes" } else { "no" }.to_owned()));
    facts.extend(one.eligibility.as_ref().map(|both| ("both together", eligibility_in_words(both).to_owned())));
    let decided = |said: &OperatorStatement| match said {
        OperatorStatement::ConfirmedNew => "`confirm-new`: this is a new person",
        OperatorStatement::Recreated => "`recreate`: never a leaver until assigned once",
    };
    facts.extend(one.said.iter().map(|said| ("decided", decided(said).to_owned())));
    facts
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

fn eligibility_in_words(eligibility: &Eligibility) -> &'static str {
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
fn wanted(yields: &Result<DesiredValue, String>) -> String {
    match yields {
        Ok(DesiredValue::Set(value)) => shown(Some(value)),
        Ok(DesiredValue::Leave) => "nothing, so that the account keeps what it has".to_owned(),
        Ok(DesiredValue::Clear) => "nothing, so that the attribute is cleared".to_owned(),
        Err(why) => format!("no account: {}", visible(why)),
    }
}

fn haiilo(one: &Explanation) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(link) = &one.link {
        let origin = match link.origin {
            Origin::Created => "made by us",
            Origin::Adopted => "adopted",
        };
        facts.push(("match", format!("by the link to account {}, {origin}", visible(link.haiilo_id.as_str()))));
        facts.push(("userName last seen", visible(link.user_name.as_str())));
        if link.listed == Listed::Never {
            facts.push(("listing", "never showed the account yet; it may wait for a seat".to_owned()));
        }
        facts.extend(link.missing.map(|absence| ("missing since", time(absence.since))));
    } else {
        let adopts = one.planned.operations.iter().any(|one| one.kind() == OperationKind::Adopt);
        let how = if adopts { "by userName, to be adopted" } else { "no account is linked" };
        facts.push(("match", how.to_owned()));
    }
    facts.extend(one.account.as_ref().map(|account| ("account", account_in_words(account))));
    facts.extend(one.protected.as_ref().map(|pattern| ("protected by", visible(pattern))));
    facts
}

fn account_in_words(Account { id, user_name, activity, values: _, without_element: _ }: &Account) -> String {
    let activity = match activity {
        Activity::Active => "active",
        Activity::Inactive => "inactive",
    };
    format!("{}, {}, {activity}", visible(id.as_str()), shown_name(user_name.as_ref()))
}

fn leaver(product: Product, one: &Explanation) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(LeaverRecord { absence, grace_period, employee: _ }) = &one.leaver {
        facts.push(("gone since", time(absence.since)));
        match grace_period {
            Some(GracePeriod { evidence, action, from }) => facts.extend([
                ("evidence", evidence.as_str().to_owned()),
                ("action", action.as_str().to_owned()),
                ("grace period since", time(*from)),
            ]),
            None => facts.push(("evidence", "none yet, so no grace period runs".to_owned())),
        }
    }
    facts.extend(one.planned.leaver.as_ref().map(|leaver| ("account", status(product, leaver))));
    facts
}

fn stranger(account: &Account, out: &mut TextWriter) {
    out.line(&format!("Account {}", account_in_words(account)));
    out.line("  Unmanaged, left alone: no link leads to it, and nobody who is assigned wants its userName.");
}

/// The answer as one JSON object, with a line end behind it.
pub fn explain_json(answer: &LoginExplanation) -> String {
    let LoginExplanation { product, people, unmanaged } = answer;
    let person = |PersonExplanation { explanation, journal }: &PersonExplanation| {
        let mut object = of_person(explanation);
        object["what_happens"] = json!(what_happens(*product, explanation));
        object["journal"] = array(journal, journal::object);
        object
    };
    let object = json!({
        "version": 2,
        "people": array(people, person),
        "unmanaged": array(unmanaged, of_account),
    });
    format!("{object:#}\n")
}

fn of_person(one: &Explanation) -> Json {
    let link = |Link { haiilo_id, user_name, origin, missing, .. }: &Link| {
        json!({
            "haiilo_id": haiilo_id, "user_name": user_name, "origin": origin.as_str(),
            "missing_since": missing.map(|absence| stamp(absence.since)),
        })
    };
    let planned_due = one.planned.leaver.as_ref().and_then(|leaver| due(&leaver.status)).map(stamp);
    let leaver = |LeaverRecord { absence, grace_period, employee: _ }: &LeaverRecord| {
        json!({
            "since": stamp(absence.since), "evidence": grace_period.map(|grace_period| grace_period.evidence.as_str()),
            "action": grace_period.map(|grace_period| grace_period.action.as_str()), "grace_period_from": grace_period.map(|grace_period| stamp(grace_period.from)),
            "due": planned_due,
        })
    };
    let decided = |said: &OperatorStatement| match said {
        OperatorStatement::ConfirmedNew => "confirmed_new".into(),
        OperatorStatement::Recreated => "recreated".into(),
    };
    json!({
        "okta_id": one.asked.id, "user_name": one.user_name(),
        "user_status": one.asked.status, "user_found": one.asked.user.is_some(),
        "assignment": one.asked.assignment.as_ref().map(of_assignment),
        "listed": one.listed.is_some(), "standing": one.eligibility.as_ref().map(eligibility_in_words),
        "mapping": array(&one.mapping, of_rule), "link": one.link.as_ref().map(link),
        "account": one.account.as_ref().map(of_account), "protected_by": one.protected,
        "leaver": one.leaver.as_ref().map(leaver), "decided": array(&one.said, decided),
        "held": array(&one.planned.held, |held| held.reason.code().into()), "groups": array(&one.groups, of_group),
        "operations": array(&one.planned.operations, Operation::to_json),
    })
}

fn of_assignment(Assignment { status, via, user_name, .. }: &Assignment) -> Json {
    json!({"status": status.as_str(), "via": via.as_str(), "user_name": user_name})
}

fn of_group(GroupOfPerson { okta_id, name, place, happens }: &GroupOfPerson) -> Json {
    json!({"okta_id": okta_id, "name": name, "member_in": place.as_str(), "what_happens": happens.as_str()})
}

/// A rule of the mapping, with what the account holds.
fn of_rule((traced, held): &(Traced, Option<Value>)) -> Json {
    let Traced { place, source, reads, yields } = traced;
    let (wants, value, why) = match yields {
        Ok(DesiredValue::Set(value)) => ("set", Some(value), None),
        Ok(DesiredValue::Leave) => ("leave", None, None),
        Ok(DesiredValue::Clear) => ("clear", None, None),
        Err(why) => ("held", None, Some(why)),
    };
    json!({
        "path": place, "rule": source, "reads": array(reads, |(name, value)| json!({"name": name, "value": value})),
        "wants": wants, "value": value, "why": why, "haiilo": held,
    })
}

fn of_account(account: &Account) -> Json {
    json!({
        "haiilo_id": account.id, "user_name": account.user_name,
        "active": account.activity == Activity::Active,
    })
}
