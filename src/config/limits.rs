//! `[leavers]`, `[protect]` and `[limits]` of the configuration: what may be lost, and how much of it in a day.

use std::time::Duration;

use chrono::TimeDelta;

use crate::config::reader::{ConfigEntry, Reader};
use crate::config::values;
use crate::domain::model::assignment::{StatusRules, SuspendedRule};
use crate::domain::model::limit::{Limit, Limits};
use crate::domain::model::policy::{AdoptedRule, LeaverAction, LeaverRules, Product, Protected};

const DAY: Duration = Duration::from_hours(24);

/// Reads `[leavers]`.
pub(super) fn leavers(reader: &mut Reader, statuses: StatusRules, product: Option<Product>) -> LeaverRules {
    let action = |entry: &ConfigEntry| action(entry, product);
    let deactivated = reader.or("leavers.deactivated", LeaverAction::Keep, action);
    let unassigned = reader.or("leavers.unassigned", LeaverAction::Keep, action);
    let adopted = reader.or(
        "leavers.adopted",
        AdoptedRule::Keep,
        values::choice(&[("keep", AdoptedRule::Keep), ("same", AdoptedRule::Same)]),
    );
    let grace = reader.or("leavers.grace", 30 * DAY, values::duration("0s", "3650d"));
    let for_ever = if product == Some(Product::Intranet) { "" } else { " for ever" };
    if grace < DAY {
        let ends = if product == Some(Product::Intranet) { "takes accounts away" } else { "deletes for ever" };
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

fn action(entry: &ConfigEntry, product: Option<Product>) -> Result<LeaverAction, String> {
    let action = |action: LeaverAction| (action.as_str(), action);
    if product == Some(Product::Intranet) {
        let all = [LeaverAction::Keep, LeaverAction::Deactivate, LeaverAction::Delete];
        return values::choice(&all.map(action))(entry);
    }
    if values::text(entry).as_deref() == Ok("deactivate") {
        return Err("Advocacy deletes an account that is deactivated; write \"keep\" or \"delete\"".to_owned());
    }
    values::choice(&[LeaverAction::Keep, LeaverAction::Delete].map(action))(entry)
}

/// A checked time, which is short enough to count in milliseconds.
pub(super) fn to_delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).expect("the longest time of the configuration is ten years")
}

/// Reads `[protect]`.
pub(super) fn protected(reader: &mut Reader) -> Protected {
    let patterns = reader.or("protect.accounts", Vec::new(), |entry| {
        let patterns = values::texts(entry)?;
        for pattern in &patterns {
            Protected::new([pattern.clone()]).map_err(|error| format!("{pattern:?} is no pattern: {error}"))?;
        }
        Ok(patterns)
    });
    Protected::new(patterns).expect("each pattern was read before")
}

/// Reads `[limits]`.
pub(super) fn limits(reader: &mut Reader) -> Limits {
    let Limits { vanished, deletes, creates, updates, renames, clears, moves, missing, members } = Limits::usual();
    Limits {
        vanished: limit(reader, "vanished", vanished),
        deletes: limit(reader, "deletes", deletes),
        creates: limit(reader, "creates", creates),
        updates: limit(reader, "updates", updates),
        renames: limit(reader, "renames", renames),
        clears: limit(reader, "clears", clears),
        moves: limit(reader, "moves", moves),
        missing: limit(reader, "missing", missing),
        members: limit(reader, "members", members),
    }
}

fn limit(reader: &mut Reader, name: &str, usual: Option<Limit>) -> Option<Limit> {
    let key = format!("limits.{name}");
    if let Some(entry) = reader.take(&key) {
        if values::text(&entry).as_deref() == Ok("off") {
            reader.warn(format!("{key} is \"off\": nothing stops a run that goes wrong here"));
            return None;
        }
        reader
            .refuse(&entry, "write { percent = 3, floor = 5 }, where each part and a cap may be left out, or \"off\"");
    }
    let percent = reader.optional(&format!("{key}.percent"), values::number(0.0..=100.0));
    let people = || values::whole(0..=1_000_000_000_u64);
    let floor = reader.optional(&format!("{key}.floor"), people());
    let cap = reader.optional(&format!("{key}.cap"), people());
    if let (Some(floor), Some(cap)) = (floor, cap)
        && cap < floor
    {
        reader.warn(format!("{key}: the cap {cap} is below the floor {floor}, so that the cap alone counts"));
    }
    if percent.is_none() && floor.is_none() && cap.is_none() {
        return usual;
    }
    Some(Limit { percent, floor, cap })
}
