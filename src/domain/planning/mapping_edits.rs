//! The effect of an edit of the mapping: which of its parts changed since a plan was last accepted, and how many people of the current plan
//! each of them affects.

use std::collections::{BTreeMap, BTreeSet};

use crate::mapping::{INCLUDE, Mapping, TABLE};
use crate::plan::cycle_plan::{MappingEdit, Plan};
use crate::plan::hold::HoldReason;
use crate::plan::operation::{Operation, OperationKind};

/// The parts that differ from the accepted ones, with the number of people that each affects in the plan. A table affects the people of the
/// rules that read it. `people.include` affects the people that it leaves out.
pub fn edited(accepted: &BTreeMap<String, String>, mapping: &Mapping, plan: &Plan) -> Vec<MappingEdit> {
    let now = mapping.parts();
    let names: BTreeSet<&String> = accepted.keys().chain(now.keys()).collect();
    let parts = names.into_iter().filter(|name| accepted.get(*name) != now.get(*name)).map(|name| {
        let decides = decided_by(name, mapping);
        let touches = |one: &&Operation| one.changes().iter().any(|change| decides.contains(&change.path.to_string()));
        let held = plan.findings.held.iter().filter(|held| match &held.reason {
            HoldReason::Mapping(doubt) => decides.contains(doubt.place.as_str()),
            _ => false,
        });
        let part = name.clone();
        let (was, is) = differing(name, accepted.get(name), now.get(name));
        MappingEdit {
            part,
            was,
            is,
            updated: plan.of_kind(OperationKind::Update).filter(touches).count(),
            held: held.count(),
        }
    });
    parts.collect()
}

/// The old and the new form of a part. For a table, only the entries that differ.
fn differing(part: &str, was: Option<&String>, is: Option<&String>) -> (Option<String>, Option<String>) {
    match (was, is) {
        (Some(was), Some(is)) if part.starts_with(TABLE) => {
            let only = |here: &str, there: &str| {
                let there: BTreeSet<&str> = there.lines().collect();
                here.lines().filter(|entry| !there.contains(entry)).collect::<Vec<_>>().join(", ")
            };
            (Some(only(was, is)).filter(|text| !text.is_empty()), Some(only(is, was)).filter(|text| !text.is_empty()))
        }
        (was, is) => (was.cloned(), is.cloned()),
    }
}

/// The places that a part affects.
fn decided_by(part: &str, mapping: &Mapping) -> BTreeSet<String> {
    let Some(table) = part.strip_prefix(TABLE) else { return BTreeSet::from([part.to_owned()]) };
    let reads = |source: &str| source.contains(&format!("'{table}'")) || source.contains(&format!("\"{table}\""));
    let rules = [mapping.user_name()].into_iter().chain(mapping.rules());
    let mut decided: BTreeSet<String> =
        rules.filter(|rule| reads(rule.source())).map(|rule| rule.path.to_string()).collect();
    decided.extend(mapping.include_source().filter(|source| reads(source)).map(|_| INCLUDE.to_owned()));
    decided
}
