//! What a report is about, and the words that all forms of it share.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::domain::model::limit::LimitName;
use crate::domain::model::policy::{Product, RemovalEffect};
use crate::domain::model::usage::Requests;
use crate::domain::model::word::Word as _;
use crate::domain::plan::cycle_plan::{Blocks, CyclePlan, Findings, Plan};
use crate::domain::plan::leaver::{KeptBecause, Leaver, LeaverStatus};
use crate::domain::plan::operation::OperationKind;
use crate::domain::plan::outcome::{Conclusion, GroupConclusion};
use crate::domain::plan::warning::Warning;
use crate::domain::planning::limits::{LimitCheck, LimitDecision, Violation};
use crate::domain::scim::path::AttributePath;
use crate::domain::scim::value::Value;
use crate::domain::state::sync_state::Pause;

/// A plan, with what became of it.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The plan.
    pub plan: &'a CyclePlan,
    /// What the guard says.
    pub limit_check: &'a LimitCheck,
    /// Okta's time.
    pub now: DateTime<Utc>,
    /// The application's name in Okta.
    pub application: &'a str,
    /// The product.
    pub product: Product,
    /// Whether the plan was applied, and what came of it.
    pub stage: ReportStage<'a>,
    /// What the configuration makes one wonder about.
    pub warnings: &'a [Warning],
    /// The settings that the plan was made with: key and value.
    pub settings: &'a [(String, String)],
    /// What was sent to both sides.
    pub requests: Requests<'a>,
    /// What became of the plan about groups.
    pub groups: GroupResults<'a>,
}

impl<'a> Report<'a> {
    /// What the plan about people does nothing about.
    pub(super) fn findings(&self) -> &'a Findings {
        &self.plan.people.findings
    }

    /// The warnings of the plan, then those about the configuration.
    pub(super) fn all_warnings(&self) -> impl Iterator<Item = &'a Warning> {
        self.findings().warnings.iter().chain(self.warnings)
    }
}

/// How much a text says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextOptions {
    /// How people appear.
    pub people: PeopleShown,
    /// Whether people who share the same changes appear one by one.
    pub sharing: SharedChanges,
    /// Columns of the terminal that it is for; `None` for a text that is the same everywhere.
    pub width: Option<u16>,
}

/// How people appear in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PeopleShown {
    /// By name, with their values.
    #[default]
    Named,
    /// By id, without values: nothing that a ticket must not hold.
    Ids,
}

/// How people appear who share the same changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SharedChanges {
    /// As a number, where they are many.
    #[default]
    Folded,
    /// One by one.
    Full,
}

/// Whether a plan was applied.
#[derive(Clone, Copy, Debug)]
pub enum ReportStage<'a> {
    /// It was a dry run.
    DryRun,
    /// A limit blocked it, and nothing was done.
    Blocked,
    /// An operator stopped all writes, and nothing was done.
    Paused(&'a Pause),
    /// It was applied.
    Applied {
        /// What became of each operation.
        concluded: &'a [Conclusion],
        /// Why the run stopped before all was done.
        stops: &'a [String],
    },
}

/// What became of the plan about groups.
#[derive(Clone, Copy, Debug, Default)]
pub struct GroupResults<'a> {
    /// Each operation with its end; nothing before it was applied.
    pub concluded: &'a [GroupConclusion],
    /// Why the run of groups stopped before all was done.
    pub stops: &'a [String],
}

/// How many accounts there are in Haiilo, and how that came about. Each takes a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AccountTotals {
    /// Accounts after what the report tells of.
    pub(super) accounts: usize,
    /// Accounts that were made, or are to be made.
    pub(super) made: usize,
    /// Accounts that were deleted, or are to be deleted.
    pub(super) deleted: usize,
}

impl AccountTotals {
    /// As if every operation of the plan were done.
    pub(super) fn planned(plan: &Plan) -> Self {
        Self::from(plan.findings.counts.accounts, |kind| plan.of_kind(kind).count())
    }

    /// By what was done.
    fn done(plan: &Plan, concluded: &[Conclusion]) -> Self {
        let done = |kind| move |one: &&Conclusion| one.operation.kind() == kind && one.outcome.is_done();
        Self::from(plan.findings.counts.accounts, |kind| concluded.iter().filter(done(kind)).count())
    }

    fn from(before: usize, count: impl Fn(OperationKind) -> usize) -> Self {
        let (made, deleted) = (count(OperationKind::Create), count(OperationKind::Delete));
        Self { accounts: (before + made).saturating_sub(deleted), made, deleted }
    }

    /// After what the report tells of.
    pub(super) fn after(report: &Report<'_>) -> Self {
        match report.stage {
            ReportStage::DryRun => Self::planned(&report.plan.people),
            ReportStage::Blocked | ReportStage::Paused(_) => Self::done(&report.plan.people, &[]),
            ReportStage::Applied { concluded, stops: _ } => Self::done(&report.plan.people, concluded),
        }
    }
}

/// Why a plan may not be applied, and how it could be.
#[derive(Debug, Serialize)]
pub(super) struct ApprovalNotice {
    pub(super) title: String,
    /// Each broken limit: its name, by how much, and what it means.
    pub(super) broken: Vec<(&'static str, String, &'static str)>,
    /// The command that lets exactly these operations pass, where there is one.
    pub(super) command: Option<String>,
}

impl ApprovalNotice {
    /// What the guard says, where it says anything.
    pub(super) fn of(report: &Report<'_>) -> Option<Self> {
        let LimitCheck { violations, approval_id, usage: _, decision, items: _ } = report.limit_check;
        let title = match (decision, report.stage) {
            (LimitDecision::Approved(id), _) => format!("APPROVED by {id}"),
            (_, ReportStage::DryRun) => "APPROVAL NEEDED: `sync` would be blocked".to_owned(),
            _ => "APPROVAL NEEDED: nothing was changed".to_owned(),
        };
        let row = |broken: &Violation| {
            let numbers = format!("{} found, {} allowed", counted(broken.found), counted(broken.allowed));
            (broken.limit.as_str(), numbers, broken.limit.explanation())
        };
        let can_be_approved = !violations.iter().any(|broken| broken.limit == LimitName::PushIsOn);
        let command = match (approval_id, decision, can_be_approved) {
            (Some(id), LimitDecision::Blocked, true) => Some(format!("okta-haiilo-sync sync --approve {id}")),
            _ => None,
        };
        let broken: Vec<_> = violations.iter().map(row).collect();
        (!broken.is_empty()).then_some(Self { title, broken, command })
    }
}

/// What a report is about, in a line.
pub(super) fn title(report: &Report<'_>) -> String {
    let what = match report.stage {
        ReportStage::DryRun => "Plan (dry run, nothing was changed)",
        ReportStage::Blocked => "Blocked, nothing was changed",
        ReportStage::Paused(_) => "Paused, nothing was changed",
        ReportStage::Applied { .. } => "Applied",
    };
    let product = report.product.title();
    let application = visible(report.application);
    format!("{what}: Okta application {application:?} -> {product}, {}", time(report.now))
}

/// How many accounts there are and will be.
pub(super) fn account_totals(report: &Report<'_>) -> String {
    let told = |totals: AccountTotals| {
        format!("{} (+{} -{})", amount(totals.accounts), amount(totals.made), amount(totals.deleted))
    };
    let after = AccountTotals::after(report);
    match report.stage {
        ReportStage::DryRun => format!("Accounts in Haiilo after this: {}", told(after)),
        ReportStage::Blocked | ReportStage::Paused(_) => {
            let would_be = told(AccountTotals::planned(&report.plan.people));
            format!("Accounts in Haiilo: {}; with this plan it would be {would_be}", amount(after.accounts))
        }
        ReportStage::Applied { .. } => format!("Accounts in Haiilo now: {}", told(after)),
    }
}

/// Until when all writes are stopped.
pub(super) fn paused_until(pause: &Pause) -> String {
    let until = pause.until.map_or("until somebody ends it".to_owned(), |until| format!("until {}", time(until)));
    format!("PAUSED {until}: nothing is written to Haiilo")
}

/// A pause for a machine.
pub(super) fn paused(Pause { until, by, reason }: &Pause) -> Json {
    json!({"until": until.map(stamp), "by": by, "reason": reason})
}

/// Who wanted a pause, and why.
pub(super) fn by_whom(Pause { until: _, by, reason }: &Pause) -> String {
    let why = reason.as_ref().map_or(String::new(), |reason| format!(": {}", visible(reason)));
    format!("by {}{why}", visible(by))
}

/// The name of an attribute for a reader: Advocacy's `country` is a group, its `locality` and `region` are teams.
pub(super) fn attribute(product: Product, path: &AttributePath) -> String {
    match (product, path.last()) {
        (Product::Advocacy, "country") => "Group (country)".to_owned(),
        (Product::Advocacy, "locality") => "Team (locality)".to_owned(),
        (Product::Advocacy, "region") => "Team (region)".to_owned(),
        _ => path.to_string(),
    }
}

/// The name of a part of the mapping for a reader: an attribute as in [`attribute`], anything else as it is written.
pub(super) fn part_name(product: Product, part: &str) -> String {
    AttributePath::parse(part).map_or_else(|_| part.to_owned(), |path| attribute(product, &path))
}

/// The name of a kind of operations for a reader.
pub(super) fn kind(product: Product, kind: OperationKind) -> &'static str {
    match (product, kind) {
        (_, OperationKind::Adopt) => "ADOPT",
        (_, OperationKind::Create) => "CREATE",
        (_, OperationKind::Update) => "UPDATE",
        (_, OperationKind::Reactivate) => "REACTIVATE",
        (_, OperationKind::Deactivate) => "DEACTIVATE",
        (Product::Advocacy, OperationKind::Delete) => "DELETE FOR EVER",
        (Product::Intranet, OperationKind::Delete) => "DELETE",
    }
}

/// What becomes of a leaver's account, in words.
pub(super) fn status(product: Product, leaver: &Leaver) -> String {
    let goes = match (product, leaver.effect) {
        (_, RemovalEffect::Deactivated) => "deactivated",
        (Product::Advocacy, RemovalEffect::Deleted) => "deleted for ever",
        (Product::Intranet, RemovalEffect::Deleted) => "deleted",
    };
    match &leaver.status {
        LeaverStatus::Kept(KeptBecause::Configured) => {
            format!("kept: leavers.{} = \"keep\"", leaver.evidence.as_str())
        }
        LeaverStatus::Kept(KeptBecause::Adopted) => {
            "kept: the account existed before us (leavers.adopted = \"keep\")".to_owned()
        }
        LeaverStatus::Kept(KeptBecause::Protected(pattern)) => format!("kept: protected by {pattern}"),
        LeaverStatus::Kept(KeptBecause::TokenOwner) => "kept: our own token would die with it".to_owned(),
        LeaverStatus::Kept(KeptBecause::AlreadyGone) => "Haiilo no longer has the account".to_owned(),
        LeaverStatus::Kept(KeptBecause::AlreadyInactive) => "deactivated: the account is inactive".to_owned(),
        LeaverStatus::Kept(KeptBecause::Recreated) => {
            "kept: it was made anew by hand, until the person is assigned once".to_owned()
        }
        LeaverStatus::Kept(KeptBecause::WantedBy(other)) => {
            format!("kept: {other} is assigned and has its userName; perhaps the same human with a new Okta user")
        }
        LeaverStatus::Kept(KeptBecause::PerhapsOf(other)) => {
            format!("kept: {other} is held as perhaps the same human with a new Okta user, until that is decided")
        }
        LeaverStatus::Kept(KeptBecause::CarriesAnotherName) => {
            "kept: it carries another userName than when it was last seen; look whose it is".to_owned()
        }
        LeaverStatus::Waiting(due) => format!("{goes} on {}", time(*due)),
        LeaverStatus::Due(due) => format!("{goes} now (due {})", time(*due)),
        LeaverStatus::Postponed(due) => {
            format!("due {}, postponed: the day's budget of deletes is used up", time(*due))
        }
        LeaverStatus::Blocked(due, why) => format!("due {}, not deleted: {}", time(*due), why.as_str()),
    }
}

/// When a leaver's account is due.
pub(super) fn due(status: &LeaverStatus) -> Option<DateTime<Utc>> {
    match status {
        LeaverStatus::Kept(_) => None,
        LeaverStatus::Waiting(due)
        | LeaverStatus::Due(due)
        | LeaverStatus::Postponed(due)
        | LeaverStatus::Blocked(due, _) => Some(*due),
    }
}

/// What the configuration does about a leaver.
pub(super) fn action(leaver: &Leaver) -> &'static str {
    match leaver.status {
        LeaverStatus::Kept(KeptBecause::AlreadyInactive)
        | LeaverStatus::Waiting(_)
        | LeaverStatus::Due(_)
        | LeaverStatus::Postponed(_)
        | LeaverStatus::Blocked(..) => leaver.action.as_str(),
        LeaverStatus::Kept(_) => "keep",
    }
}

/// A time for a reader, to the minute.
pub(super) fn time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// A time for a machine, to the second.
pub(super) fn stamp(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A number with its thousands apart.
pub fn amount(number: usize) -> String {
    let digits = number.to_string();
    let mut parts: Vec<&str> = Vec::new();
    let mut end = digits.len();
    while end > 3 {
        parts.push(&digits[end - 3..end]);
        end -= 3;
    }
    parts.push(&digits[..end]);
    parts.reverse();
    parts.join(",")
}

/// A number of the guard with its thousands apart.
pub(super) fn counted(number: u64) -> String {
    amount(usize::try_from(number).unwrap_or(usize::MAX))
}

/// A value for a reader.
pub(super) fn shown(value: Option<&Value>) -> String {
    value.map_or("(empty)".to_owned(), |value| visible(&value.shown()))
}

/// A text of a person, harmless in a terminal: control characters and marks that turn the direction of writing become visible.
pub(super) fn visible(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// What is said behind the reason of a value that is not sent.
pub(super) fn blocks(blocks: Blocks) -> &'static str {
    match blocks {
        Blocks::Attribute => "",
        Blocks::Account => " (the account waits)",
    }
}

#[cfg(test)]
mod tests {
    use super::{amount, visible};

    #[test]
    fn amounts() {
        let shown: Vec<String> = [0, 7, 999, 1_000, 12_345, 1_234_567].into_iter().map(amount).collect();
        assert_eq!(shown, ["0", "7", "999", "1,000", "12,345", "1,234,567"]);
    }

    #[test]
    fn hostile_texts_become_visible() {
        assert_eq!(visible("Ada"), "Ada");
        assert_eq!(visible("a\u{1b}[31mb\nc\u{202e}d"), "a\\u{1b}[31mb\\u{a}c\\u{202e}d");
    }
}
