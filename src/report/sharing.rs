//! Who shares the same changes: where many do, a report tells the changes once.

use std::collections::BTreeMap;

use crate::domain::plan::operation::{Change, Operation, OperationKind};
use crate::report::subject::SharedChanges;

/// So many people who share the same changes are told together.
const MANY: usize = 5;

/// Operations of one kind, as a report tells them.
pub(super) struct ToldOperations<'a> {
    /// People who share the same changes, together; each group is in the order of the names.
    pub(super) together: Vec<Vec<&'a Operation>>,
    /// Everybody else, in the order of the names.
    pub(super) alone: Vec<&'a Operation>,
}

impl<'a> ToldOperations<'a> {
    /// Of all operations those of one kind.
    pub(super) fn of(kind: OperationKind, operations: &'a [Operation], sharing: SharedChanges) -> Self {
        let mut alone: Vec<&Operation> = operations.iter().filter(|operation| operation.kind() == kind).collect();
        alone.sort_by(|left, right| (&left.user_name, &left.okta_id).cmp(&(&right.user_name, &right.okta_id)));
        if kind != OperationKind::Update || sharing == SharedChanges::Full {
            return Self { together: Vec::new(), alone };
        }
        let mut by_changes: BTreeMap<Vec<SeenChange>, Vec<&Operation>> = BTreeMap::new();
        for operation in alone.iter().filter(|operation| !operation.changes().is_empty()) {
            by_changes.entry(operation.changes().iter().map(seen).collect()).or_default().push(operation);
        }
        by_changes.retain(|_, people| people.len() >= MANY);
        alone.retain(|operation| !by_changes.contains_key(&operation.changes().iter().map(seen).collect::<Vec<_>>()));
        Self { together: by_changes.into_values().collect(), alone }
    }
}

/// A change as a reader sees it.
type SeenChange = (String, Option<String>, Option<String>);

fn seen(change: &Change) -> SeenChange {
    let shown =
        |value: &Option<crate::domain::scim::value::Value>| value.as_ref().map(|value| value.shown().into_owned());
    (change.path.to_string(), shown(&change.from), shown(&change.to))
}
