//! Accounts that are made anew from the journal: new and empty, with the attributes that the deleted one had. What was in it cannot come back.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::domain::attribute;
use crate::domain::ids::OktaUserId;
use crate::domain::journal::{Concluded, Entry, Mandate};
use crate::domain::mapping::Mapping;
use crate::domain::operation::{Action, Change, Element, Kind, Nature, Operation};
use crate::domain::value::Value;
use crate::engine::bench::{Approved, Bench};
use crate::engine::canary::{Canaries, Caution};
use crate::engine::cycle::Prepared;
use crate::engine::run::Run;
use crate::engine::settings::CycleSettings;
use crate::ports::{AccountWriter, StoreWriter, World};

/// What it takes to make the accounts anew that these entries deleted, in the order of the people. Who has an account by now is left out, as
/// is an entry that keeps nothing of the account.
pub fn anew(entries: &[Entry], prepared: &Prepared, mapping: &Mapping) -> Vec<Operation> {
    let deleted =
        entries.iter().filter(|entry| entry.kind == Kind::Delete.as_str() && entry.outcome.as_deref() == Some("done"));
    // Of several accounts of one person, the last one counts.
    let last: BTreeMap<&OktaUserId, &Entry> = deleted.map(|entry| (&entry.okta_id, entry)).collect();
    let is_gone = |entry: &&&Entry| prepared.memory.links.of_person(&entry.okta_id).is_none();
    last.values().filter(is_gone).filter_map(|entry| operation(entry, mapping)).collect()
}

fn operation(entry: &Entry, mapping: &Mapping) -> Option<Operation> {
    let (name, Some(Json::Object(before))) = (entry.user_name.as_ref()?, &entry.before) else { return None };
    let user_name = Change {
        path: mapping.user_name().path.clone(),
        nature: Nature::Plain,
        from: None,
        to: Value::text(name.as_str()),
        element: Element::There,
    };
    let others = mapping.rules().iter().enumerate().filter_map(|(slot, rule)| {
        let to = rule.path.read(attribute::entry(before, rule.path.top())?)?;
        let nature = if mapping.group_slot() == Some(slot) { Nature::Group } else { Nature::Plain };
        Some(Change { path: rule.path.clone(), nature, from: None, to: Some(to), element: Element::ToBeAdded })
    });
    let changes = std::iter::once(user_name).chain(others).collect();
    let action = Action::Create { changes, replaces: None, waits_for: None };
    Some(Operation { okta_id: entry.okta_id.clone(), user_name: name.clone(), action })
}

/// Makes them. The caller has pinned the people, so that nobody of them is a leaver before they were assigned once.
pub async fn make_anew<W: World<Store: StoreWriter>>(
    world: &W,
    writer: &impl AccountWriter,
    settings: &CycleSettings,
    prepared: &Prepared,
    (operations, mandate): (&[Operation], &Mandate),
) -> Vec<Concluded> {
    let run = Run::new((prepared.now, prepared.began));
    let bench = Bench {
        world,
        writer,
        settings,
        people: &prepared.people,
        accounts: &prepared.accounts,
        memory: &prepared.memory,
        mandate,
        approved: &Approved::default(),
        room: 0,
        run: &run,
        canaries: Canaries::new(settings.canary_rules(), &prepared.memory),
    };
    let mut concluded = Vec::new();
    for operation in operations {
        let outcome = bench.create(operation, None, Caution::Canary).await;
        concluded.push(bench.concluded(operation, outcome));
    }
    concluded
}
