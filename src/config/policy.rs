//! What the administrator decides about people and accounts: `[leavers]`, `[protect]`, `[limits]`, `[groups]`, and parts of `[okta]` and
//! `[haiilo]`.

use std::time::Duration;

use chrono::TimeDelta;

use crate::config::reader::Reader;
use crate::config::values;
use crate::domain::model::assignment::{StagedRule, StatusRules, SuspendedRule};
use crate::domain::model::ids::UserName;
use crate::domain::model::limit::{Limit, Limits};
use crate::domain::model::policy::{
    AdoptedRule, Deprovision, GroupDeletes, GroupRules, LeaverAction, LeaverRules, MissingRule, Policy, Product,
    Protected,
};
use crate::domain::model::word::Word as _;

/// Reads everything that a plan depends on, apart from the mapping and from groups.
pub(super) fn settings(reader: &mut Reader<'_>, product: Option<Product>, owner: Option<UserName>) -> Option<Policy> {
    let suspended =
        reader.choice("okta.suspended", &[("keep", SuspendedRule::Keep), ("leaver", SuspendedRule::Leaver)]);
    let staged = reader.choice("okta.staged", &[("skip", StagedRule::Skip), ("provision", StagedRule::Provision)]);
    let statuses = StatusRules { suspended, staged };
    let missing = reader.choice("haiilo.missing", &[("hold", MissingRule::Hold), ("recreate", MissingRule::Recreate)]);
    let leavers = leavers(reader, statuses, product);
    // All keys are read before a missing product ends the reading.
    Some(Policy {
        deprovision: deprovision(reader, product, &leavers),
        protected: protected(reader),
        limits: limits(reader),
        product: product?,
        statuses,
        missing,
        leavers,
        token_owner: owner,
    })
}

/// Reads `[leavers]`.
fn leavers(reader: &mut Reader<'_>, statuses: StatusRules, product: Option<Product>) -> LeaverRules {
    let deactivated = action(reader, "leavers.deactivated", product);
    let unassigned = action(reader, "leavers.unassigned", product);
    let adopted = reader.choice("leavers.adopted", &[("keep", AdoptedRule::Keep), ("same", AdoptedRule::Same)]);
    let grace = reader.duration("leavers.grace", "30d", ["0s", "3650d"]);
    let (ends, for_ever) = match product {
        Some(Product::Intranet) => ("takes accounts away", ""),
        Some(Product::Advocacy) | None => ("deletes for ever", " for ever"),
    };
    if grace < Duration::from_hours(24) {
        reader.warn(format!("leavers.grace is under 1d: a mistake in Okta is hardly noticed before it {ends}"));
    }
    if unassigned == LeaverAction::Delete {
        reader.warn(format!(
            "leavers.unassigned = \"delete\": whoever loses the assignment loses the account{for_ever}, people who still work for you too",
        ));
    }
    let deletes = [deactivated, unassigned].contains(&LeaverAction::Delete);
    if deletes && statuses.suspended == SuspendedRule::Leaver {
        reader.warn(
            "okta.suspended = \"leaver\": suspended people count as leavers, and Haiilo may be unable to give back an account that [leavers] deletes",
        );
    }
    LeaverRules { deactivated, unassigned, adopted, grace: to_delta(grace) }
}

fn action(reader: &mut Reader<'_>, key: &str, product: Option<Product>) -> LeaverAction {
    let actions = [LeaverAction::Keep, LeaverAction::Deactivate, LeaverAction::Delete];
    let [keep, deactivate, delete] = actions.map(|action| (action.as_str(), action));
    reader.shown_as(key, LeaverAction::Keep, LeaverAction::as_str, |entry| {
        match (product, values::text(entry).as_deref()) {
            (Some(Product::Intranet), _) => values::choice(&[keep, deactivate, delete])(entry),
            (_, Ok("deactivate")) => {
                Err("Advocacy deletes an account that is deactivated; write \"keep\" or \"delete\"".to_owned())
            }
            _ => values::choice(&[keep, delete])(entry),
        }
    })
}

/// Reads `haiilo.deprovision_policy`, which must be set before any leaver loses an account.
fn deprovision(reader: &mut Reader<'_>, product: Option<Product>, leavers: &LeaverRules) -> Deprovision {
    const KEY: &str = "haiilo.deprovision_policy";
    if product != Some(Product::Intranet) {
        return Deprovision::Delete;
    }
    let acts = [leavers.deactivated, leavers.unassigned].iter().any(|action| *action != LeaverAction::Keep);
    if acts && !reader.is_set(KEY) {
        reader.note_missing(
            KEY,
            "[leavers] takes accounts away; write \"deactivate\" or \"delete\", as the user directory in Haiilo says (Administration > User directories)",
        );
    }
    let policies = [Deprovision::Deactivate, Deprovision::Delete].map(|policy| (policy.as_str(), policy));
    // What is not known is the worse of the two.
    reader.shown_as(KEY, Deprovision::Delete, Deprovision::as_str, values::choice(&policies))
}

/// A checked time, which is short enough to count in milliseconds.
pub(super) fn to_delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).expect("the longest time of the configuration is ten years")
}

/// Reads `[protect]`.
fn protected(reader: &mut Reader<'_>) -> Protected {
    let patterns = reader.list("protect.accounts", |entry| {
        let patterns = values::texts(entry)?;
        for pattern in &patterns {
            Protected::new([pattern.clone()]).map_err(|error| format!("{pattern:?} is no pattern: {error}"))?;
        }
        Ok(patterns)
    });
    Protected::new(patterns).expect("each pattern was read before")
}

/// Reads `[limits]`.
fn limits(reader: &mut Reader<'_>) -> Limits {
    let mut limits = Limits::usual();
    for name in Limits::NAMES {
        let limit = limit(reader, &format!("limits.{}", name.as_str()), limits.of(name));
        limits.set(name, limit);
    }
    limits
}

fn limit(reader: &mut Reader<'_>, key: &str, usual: Option<Limit>) -> Option<Limit> {
    let off = reader.optional(key, |entry| match values::text(entry).as_deref() {
        Ok("off") => Ok(()),
        _ => Err("write { percent = 3, floor = 5 }, where each part and a cap may be left out, or \"off\"".to_owned()),
    });
    let limit = if off.is_some() {
        reader.warn(format!("{key} is \"off\": nothing stops a run that goes wrong here"));
        None
    } else {
        limit_of_parts(reader, key).or(usual)
    };
    reader.note_effective(key, &limit.map_or_else(|| "off".to_owned(), limit_text));
    limit
}

/// The limit, if at least one of its parts is set.
fn limit_of_parts(reader: &mut Reader<'_>, key: &str) -> Option<Limit> {
    let percent = reader.optional(&format!("{key}.percent"), values::number(0.0..=100.0));
    let people = || values::whole(0..=1_000_000_000_u64);
    let floor = reader.optional(&format!("{key}.floor"), people());
    let cap = reader.optional(&format!("{key}.cap"), people());
    if let (Some(floor), Some(cap)) = (floor, cap)
        && cap < floor
    {
        reader.warn(format!("{key}: the cap {cap} is below the floor {floor}, so that the cap alone counts"));
    }
    (percent.is_some() || floor.is_some() || cap.is_some()).then_some(Limit { percent, floor, cap })
}

fn limit_text(Limit { percent, floor, cap }: Limit) -> String {
    let parts = [
        percent.map(|percent| format!("{percent} percent")),
        floor.map(|floor| format!("floor {floor}")),
        cap.map(|cap| format!("cap {cap}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Reads `[groups]`, which only the intranet has; `None` where groups are not synced.
pub(super) fn groups(reader: &mut Reader<'_>, product: Option<Product>) -> Option<GroupRules> {
    if product == Some(Product::Advocacy) {
        return None;
    }
    let enabled = reader.optional("groups.enabled", values::flag).unwrap_or(false);
    let include = reader.optional("groups.include", values::texts).unwrap_or_default();
    let delete = reader.optional("groups.delete", values::flag).unwrap_or(false);
    if !enabled {
        if delete {
            reader.warn("groups.delete has no effect without groups.enabled");
        }
        return None;
    }
    reader.note_effective("groups.include", &include.join(", "));
    reader.note_effective("groups.delete", &delete);
    Some(GroupRules { include, delete: if delete { GroupDeletes::WhenGone } else { GroupDeletes::Never } })
}
