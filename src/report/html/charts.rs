//! The picture of a plan: a bar of all people, and a gauge for each limit. Knows numbers, not people.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::domain::model::policy::Product;
use crate::domain::model::word::Word as _;
use crate::domain::plan::operation::OperationKind;
use crate::domain::planning::limits::LimitUsage;
use crate::report::model::Report;
use crate::report::words::{amount, counted};

/// How wide a picture is, in its own units.
const WIDTH: usize = 1_000;
/// What is there must be seen, however little it is.
const NARROWEST: usize = 6;

/// One group of people in the bar.
#[derive(Debug, Serialize)]
pub(super) struct Segment {
    /// Its name in the page.
    id: &'static str,
    label: &'static str,
    count: String,
    x: usize,
    width: usize,
    /// Whether the page lists them.
    listed: bool,
}

/// All people, each once.
pub(super) fn segments(report: &Report<'_>) -> Vec<Segment> {
    let (plan, findings) = (&report.plan.people, report.findings());
    let of = |kind| plan.of_kind(kind).count();
    // A person who is adopted or comes back, and whose account changes too, is counted once.
    let others: BTreeSet<_> = [OperationKind::Adopt, OperationKind::Reactivate]
        .into_iter()
        .flat_map(|kind| plan.of_kind(kind))
        .map(|operation| &operation.okta_id)
        .collect();
    let changed = plan.of_kind(OperationKind::Update).filter(|operation| !others.contains(&operation.okta_id)).count();
    let delete = if report.product == Product::Advocacy { "to delete for ever" } else { "to delete" };
    let groups = [
        ("unchanged", "unchanged", findings.counts.unchanged, false),
        ("adopt", "to adopt", of(OperationKind::Adopt), true),
        ("create", "to create", of(OperationKind::Create), true),
        ("update", "to update", changed, true),
        ("reactivate", "to reactivate", of(OperationKind::Reactivate), true),
        ("deactivate", "to deactivate", of(OperationKind::Deactivate), true),
        ("delete", delete, of(OperationKind::Delete), true),
        ("leaver", "leaving", findings.leavers.len().saturating_sub(plan.removals().count()), true),
        ("held", "held", findings.held.len(), true),
        ("missing", "missing in Haiilo", findings.missing.len(), true),
        ("apart", "out of scope", findings.counts.out_of_scope, false),
        ("staged", "not started yet", findings.counts.staged, false),
        ("unmanaged", "unmanaged, left alone", findings.unmanaged.len(), true),
    ];
    let groups: Vec<_> = groups.into_iter().filter(|(_, _, count, _)| *count > 0).collect();
    let all: usize = groups.iter().map(|(_, _, count, _)| count).sum();
    let free = WIDTH - NARROWEST * groups.len();
    let last = groups.len().saturating_sub(1);
    let mut x = 0;
    let place = |(at, (id, label, count, listed)): (usize, (&'static str, &'static str, usize, bool))| {
        // Rounding leaves the bar a little short, so the last one gets what is left.
        let width = if at == last { WIDTH - x } else { NARROWEST + free * count / all };
        x += width;
        Segment { id, label, count: amount(count), x: x - width, width, listed }
    };
    groups.into_iter().enumerate().map(place).collect()
}

/// How much of a limit is used.
#[derive(Debug, Serialize)]
pub(super) struct Gauge {
    limit: &'static str,
    used: String,
    allowed: Option<String>,
    width: usize,
    broken: bool,
}

/// A limit as a gauge.
pub(super) fn gauge(usage: &LimitUsage) -> Gauge {
    let LimitUsage { limit, used, planned: _, allowed } = *usage;
    let full = allowed.unwrap_or(u64::MAX).max(used).max(1);
    let share = u128::from(used) * WIDTH as u128 / u128::from(full);
    Gauge {
        limit: limit.as_str(),
        used: counted(used),
        allowed: allowed.map(counted),
        width: usize::try_from(share).unwrap_or(WIDTH),
        broken: allowed.is_some_and(|allowed| used > allowed),
    }
}

#[cfg(test)]
mod tests {
    use super::{WIDTH, gauge};

    use crate::domain::model::limit::LimitName;
    use crate::domain::planning::limits::LimitUsage;

    #[test]
    fn a_gauge_is_full_at_its_limit_and_says_when_it_is_broken() {
        let drawn = |used, allowed| {
            let gauge = gauge(&LimitUsage { limit: LimitName::Creates, used, planned: 0, allowed });
            (gauge.width, gauge.broken)
        };
        assert_eq!(drawn(0, Some(25)), (0, false));
        assert_eq!(drawn(5, Some(25)), (WIDTH / 5, false));
        assert_eq!(drawn(25, Some(25)), (WIDTH, false));
        assert_eq!(drawn(26, Some(25)), (WIDTH, true));
        assert_eq!(drawn(0, Some(0)), (0, false));
        assert_eq!(drawn(u64::MAX, None), (WIDTH, false));
    }
}
