//! What happens, in a sentence.

use crate::domain::model::policy::Product;
use crate::domain::plan::operation::OperationKind;
use crate::report::subject::{Report, ReportStage, amount};

/// The plan, or what became of it, as one would say it on the telephone.
pub(super) fn headline(report: &Report<'_>) -> String {
    let count = |kind| match report.stage {
        ReportStage::DryRun | ReportStage::Blocked | ReportStage::Paused(_) => report.plan.people.of_kind(kind).count(),
        ReportStage::Applied { concluded, stops: _ } => {
            concluded.iter().filter(|one| one.operation.kind() == kind && one.outcome.is_done()).count()
        }
    };
    let is_done = matches!(report.stage, ReportStage::Applied { .. });
    let parts: Vec<String> = [
        (OperationKind::Create, "made"),
        (OperationKind::Adopt, "adopted"),
        (OperationKind::Update, "changed"),
        (OperationKind::Reactivate, "made active again"),
        (OperationKind::Deactivate, "DEACTIVATED"),
        (OperationKind::Delete, if report.product == Product::Advocacy { "DELETED FOR EVER" } else { "DELETED" }),
    ]
    .into_iter()
    .filter_map(|(kind, done)| match count(kind) {
        0 => None,
        one if is_done => Some(format!("{} {} {done}", accounts(one), if one == 1 { "was" } else { "were" })),
        one => Some(format!("{} would be {done}", accounts(one))),
    })
    .collect();
    let what = match (parts.is_empty(), is_done) {
        (false, _) => sentence(&parts),
        (true, true) if report.plan.people.operations.is_empty() => "There was nothing to do.".to_owned(),
        (true, true) => "Nothing was done.".to_owned(),
        (true, false) => "Nothing to do.".to_owned(),
    };
    let what = match report.stage {
        ReportStage::Applied { concluded, stops: _ } => {
            match concluded.iter().filter(|one| !one.outcome.is_done()).count() {
                0 => what,
                1 => format!("{what} One operation was not done."),
                undone => format!("{what} {} operations were not done.", amount(undone)),
            }
        }
        ReportStage::DryRun | ReportStage::Blocked | ReportStage::Paused(_) => what,
    };
    match report.findings().held.len() {
        0 => what,
        1 => format!("{what} One person is held, and nothing is done about them."),
        held => format!("{what} {} people are held, and nothing is done about them.", amount(held)),
    }
}

fn accounts(number: usize) -> String {
    if number == 1 { "1 account".to_owned() } else { format!("{} accounts", amount(number)) }
}

fn sentence(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => format!("{one}."),
        [most @ .., last] => format!("{}, and {last}.", most.join(", ")),
    }
}
