//! What a report is about, and what all forms of it count in the same way.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::domain::model::group::PersonIndex;
use crate::domain::model::limit::LimitName;
use crate::domain::model::policy::Product;
use crate::domain::model::usage::Requests;
use crate::domain::model::word::Word as _;
use crate::domain::plan::cycle_plan::{CyclePlan, Findings, Plan};
use crate::domain::plan::group_operation::{GroupAction, GroupOperation, MemberPeople, Removals};
use crate::domain::plan::operation::{Change, Operation, OperationKind};
use crate::domain::plan::outcome::{Conclusion, GroupConclusion};
use crate::domain::plan::warning::Warning;
use crate::domain::planning::limits::{LimitCheck, LimitDecision, Violation};
use crate::domain::scim::value::Value;
use crate::domain::state::sync_state::Pause;
use crate::report::words::{amount, counted, time, visible};

/// A plan, with what became of it.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The plan.
    pub plan: &'a CyclePlan,
    /// What the limits say.
    pub limit_check: &'a LimitCheck,
    /// Okta's time.
    pub now: DateTime<Utc>,
    /// The application's name in Okta.
    pub application: &'a str,
    /// The product.
    pub product: Product,
    /// Whether the plan was applied, and how that ended.
    pub stage: ReportStage<'a>,
    /// The warnings about the configuration.
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

    /// What became of each operation; nothing before the plan was applied.
    pub(super) fn concluded(&self) -> &'a [Conclusion] {
        match self.stage {
            ReportStage::DryRun | ReportStage::Blocked | ReportStage::Paused(_) => &[],
            ReportStage::Applied { concluded, stops: _ } => concluded,
        }
    }

    /// The operations that were done.
    pub(super) fn done(&self) -> impl Iterator<Item = &'a Operation> + Clone + use<'a> {
        self.concluded().iter().filter(|one| one.outcome.is_done()).map(|one| &one.operation)
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

/// How many accounts there are in Haiilo, and how that came about. Each uses a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AccountTotals {
    /// Accounts afterwards.
    pub(super) accounts: usize,
    /// Accounts that were made, or are to be made.
    pub(super) made: usize,
    /// Accounts that were deleted, or are to be deleted.
    pub(super) deleted: usize,
}

impl AccountTotals {
    /// As if every operation of the plan were done.
    pub(super) fn planned(plan: &Plan) -> Self {
        Self::with(plan, &plan.operations.iter())
    }

    /// After what the report is about: of a dry run the whole plan, else what was done.
    pub(super) fn after(report: &Report<'_>) -> Self {
        match report.stage {
            ReportStage::DryRun => Self::planned(&report.plan.people),
            ReportStage::Blocked | ReportStage::Paused(_) | ReportStage::Applied { .. } => {
                Self::with(&report.plan.people, &report.done())
            }
        }
    }

    fn with<'a>(plan: &Plan, operations: &(impl Iterator<Item = &'a Operation> + Clone)) -> Self {
        let count = |kind| operations.clone().filter(|operation| operation.kind() == kind).count();
        let (made, deleted) = (count(OperationKind::Create), count(OperationKind::Delete));
        Self { accounts: (plan.findings.counts.accounts + made).saturating_sub(deleted), made, deleted }
    }
}

/// Why a plan may not be applied, and how it could be.
#[derive(Debug, Serialize)]
pub(super) struct ApprovalNotice {
    pub(super) title: String,
    /// Each broken limit: its name, by how much, and what it means.
    pub(super) broken: Vec<(&'static str, String, &'static str)>,
    /// The command that approves exactly these operations, where there is one.
    pub(super) command: Option<String>,
}

impl ApprovalNotice {
    /// What the limits say, where one is broken.
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
    let in_words = |totals: AccountTotals| {
        format!("{} (+{} -{})", amount(totals.accounts), amount(totals.made), amount(totals.deleted))
    };
    let after = AccountTotals::after(report);
    match report.stage {
        ReportStage::DryRun => format!("Accounts in Haiilo after this: {}", in_words(after)),
        ReportStage::Blocked | ReportStage::Paused(_) => {
            let would_be = in_words(AccountTotals::planned(&report.plan.people));
            format!("Accounts in Haiilo: {}; with this plan it would be {would_be}", amount(after.accounts))
        }
        ReportStage::Applied { .. } => format!("Accounts in Haiilo now: {}", in_words(after)),
    }
}

/// From this number on, people who share the same changes are shown together.
const MANY: usize = 5;

/// Operations of one kind, as a report shows them.
pub(super) struct ToldOperations<'a> {
    /// People who share the same changes, together; each group is in the order of the names.
    pub(super) together: Vec<Vec<&'a Operation>>,
    /// All others, in the order of the names.
    pub(super) alone: Vec<&'a Operation>,
}

impl<'a> ToldOperations<'a> {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.together.iter().map(Vec::len).sum::<usize>() + self.alone.len()
    }

    /// Of all operations those of one kind.
    pub(super) fn of(kind: OperationKind, operations: &'a [Operation], sharing: SharedChanges) -> Self {
        let mut alone: Vec<&Operation> = operations.iter().filter(|operation| operation.kind() == kind).collect();
        alone.sort_by_key(|operation| (&operation.user_name, &operation.okta_id));
        if kind != OperationKind::Update || sharing == SharedChanges::Full {
            return Self { together: Vec::new(), alone };
        }
        let mut by_changes: BTreeMap<_, Vec<&Operation>> = BTreeMap::new();
        for operation in alone.iter().filter(|operation| !operation.changes().is_empty()) {
            by_changes.entry(seen(operation)).or_default().push(operation);
        }
        by_changes.retain(|_, people| people.len() >= MANY);
        alone.retain(|operation| !by_changes.contains_key(&seen(operation)));
        Self { together: by_changes.into_values().collect(), alone }
    }
}

/// The changes of an operation as a reader sees them: attribute, old value, new value.
fn seen(operation: &Operation) -> Vec<[Option<String>; 3]> {
    let shown = |value: &Option<Value>| value.as_ref().map(|value| value.shown().into_owned());
    let row = |change: &Change| [Some(change.path.to_string()), shown(&change.from), shown(&change.to)];
    operation.changes().iter().map(row).collect()
}

/// Members of a group who are named; beyond that, their number says enough.
const NAMED: usize = 20;

/// How many members come and go, in a word or two.
pub(super) fn member_moves(operation: &GroupOperation) -> String {
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

/// The names of people, at most 20 of them.
pub(super) fn member_names(indexes: &[PersonIndex], people: &MemberPeople, view: TextOptions) -> Vec<String> {
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
