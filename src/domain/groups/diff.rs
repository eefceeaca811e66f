//! Makes the plan about groups: from the groups and members of both sides to operations, or to reasons why there is no operation.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;

use crate::groups::matching::{GroupMatch, GroupMatching, MatchedGroup};
use crate::groups::member_index::{MemberIndex, MembershipRule};
use crate::model::group::{HaiiloGroup, Members, OktaGroup, PersonIndex, same};
use crate::model::ids::{HaiiloGroupId, OktaGroupId};
use crate::model::link::Origin;
use crate::plan::group_operation::{GroupAction, GroupAttribute, GroupChange, GroupOperation, Removals};
use crate::plan::group_plan::{GroupCounts, GroupPlan, GroupState, Membership};
use crate::plan::hold::{GroupHold, GroupHoldReason};
use crate::planning::input::PlanInput;

/// The members of one group, as far as they could be read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The members in Okta, or why they were not read.
    pub wanted: Result<Members, String>,
    /// The members in Haiilo, or why they were not read.
    pub shown: Result<Members, String>,
}

/// The input of the group plan, in addition to the matched groups.
#[derive(Clone, Copy, Debug)]
pub struct GroupPlanInput<'a> {
    /// What the plan about people was made from.
    pub input: &'a PlanInput<'a>,
    /// The groups that take part.
    pub chosen: &'a [OktaGroup],
    /// All groups of Haiilo.
    pub shown: &'a [HaiiloGroup],
    /// Groups that no longer exist in Okta, each with its number of members in Haiilo, or why that number is not known.
    pub gone: &'a BTreeMap<OktaGroupId, Result<u64, String>>,
    /// All people who are assigned or linked.
    pub member_index: &'a MemberIndex<'a>,
}

/// Makes the plan.
pub fn assemble(
    input: GroupPlanInput<'_>,
    matching: GroupMatching<'_>,
    readings: &BTreeMap<OktaGroupId, Reading>,
) -> GroupPlan {
    let GroupMatching { matched, held } = matching;
    let mut builder =
        GroupPlanBuilder { input, plan: GroupPlan { state: GroupState::Planned, held, ..GroupPlan::default() } };
    for matched in &matched {
        match readings.get(&matched.group.id) {
            Some(Reading { wanted: Ok(wanted), shown: Ok(shown) }) => builder.group(matched, wanted, shown),
            Some(Reading { wanted: Err(why), .. }) => {
                builder.hold(matched, GroupHoldReason::MembersUnread(why.clone()));
            }
            Some(Reading { shown: Err(why), .. }) => builder.hold(matched, GroupHoldReason::ShownUnread(why.clone())),
            None => builder.hold(matched, GroupHoldReason::MembersUnread("nobody asked".to_owned())),
        }
    }
    builder.deletes();
    builder.counts();
    let GroupPlanBuilder { input, mut plan } = builder;
    plan.sort();
    let indexes: BTreeSet<PersonIndex> = plan
        .operations
        .iter()
        .flat_map(|operation| {
            let (add, remove) = operation.moves();
            add.iter().chain(remove).copied()
        })
        .collect();
    plan.people = indexes.into_iter().map(|index| (index, input.member_index.who(index))).collect();
    plan
}

/// A plan while it is built.
struct GroupPlanBuilder<'a> {
    input: GroupPlanInput<'a>,
    plan: GroupPlan,
}

impl GroupPlanBuilder<'_> {
    fn hold(&mut self, matched: &MatchedGroup<'_>, reason: GroupHoldReason) {
        self.plan.held.push(GroupHold {
            okta_id: matched.group.id.clone(),
            haiilo_id: matched.target.shown().map(|shown| shown.id.clone()),
            name: matched.group.name.clone(),
            reason,
        });
    }

    fn group(&mut self, matched: &MatchedGroup<'_>, wanted: &Members, shown: &Members) {
        let MatchedGroup { group, target } = matched;
        let before = self.plan.operations.len();
        let haiilo_id = target.shown().map(|shown| shown.id.clone());
        match target {
            GroupMatch::Unowned(shown, origin) => {
                self.push(group, GroupAction::Adopt { haiilo_id: shown.id.clone(), origin: *origin });
            }
            GroupMatch::Nothing => self.push(group, GroupAction::Create { description: group.description.clone() }),
            GroupMatch::Linked(..) => {}
        }
        if let Some(shown) = target.shown() {
            let changes = changes(group, shown, target.described());
            if !changes.is_empty() {
                self.push(group, GroupAction::Update { haiilo_id: shown.id.clone(), changes });
            }
        }
        self.members(group, haiilo_id, wanted, shown);
        self.plan.counts.unchanged += usize::from(self.plan.operations.len() == before);
        self.plan.memberships.push(Membership {
            okta_id: group.id.clone(),
            name: group.name.clone(),
            wanted: wanted.clone(),
            shown: shown.clone(),
        });
    }

    fn members(&mut self, group: &OktaGroup, haiilo_id: Option<HaiiloGroupId>, wanted: &Members, shown: &Members) {
        let is_free = |index: &PersonIndex| self.input.member_index.freedom(*index) == MembershipRule::Free;
        let (add, unready): (Vec<PersonIndex>, Vec<PersonIndex>) = wanted.without(shown).partition(is_free);
        let (remove, kept): (Vec<PersonIndex>, Vec<PersonIndex>) = shown.without(wanted).partition(is_free);
        self.plan.counts.kept += unready.len() + kept.len();
        self.plan.counts.unmanaged_members += shown.others();
        if !add.is_empty() || !remove.is_empty() {
            self.push(group, GroupAction::Members { haiilo_id, add, remove, removals: Removals::Free });
        }
    }

    fn push(&mut self, group: &OktaGroup, action: GroupAction) {
        self.plan.operations.push(GroupOperation { okta_id: group.id.clone(), name: group.name.clone(), action });
    }

    /// Deletes groups that we made and that no longer exist in Okta. A group that still exists and is only no longer chosen stays.
    fn deletes(&mut self) {
        let GroupPlanInput { input, chosen, shown, gone, member_index: _ } = self.input;
        let chosen: BTreeSet<&OktaGroupId> = chosen.iter().map(|group| &group.id).collect();
        let shown: BTreeMap<&HaiiloGroupId, &HaiiloGroup> = shown.iter().map(|shown| (&shown.id, shown)).collect();
        for link in input.state.groups.links.values().filter(|link| !chosen.contains(&link.okta_id)) {
            let Some(shown) = shown.get(&link.haiilo_id) else { continue };
            let members = match gone.get(&link.okta_id).filter(|_| link.origin == Origin::Created) {
                None => {
                    self.plan.counts.left += 1;
                    continue;
                }
                Some(Ok(members)) => *members,
                Some(Err(why)) => {
                    self.plan.held.push(GroupHold {
                        okta_id: link.okta_id.clone(),
                        haiilo_id: Some(link.haiilo_id.clone()),
                        name: link.name.clone(),
                        reason: GroupHoldReason::ShownUnread(why.clone()),
                    });
                    continue;
                }
            };
            self.plan.operations.push(GroupOperation {
                okta_id: link.okta_id.clone(),
                name: shown.name.clone(),
                action: GroupAction::Delete { haiilo_id: link.haiilo_id.clone(), members, removals: Removals::Free },
            });
        }
    }

    fn counts(&mut self) {
        let GroupPlanInput { input, chosen, shown, gone: _, member_index: _ } = self.input;
        let adopted: BTreeSet<&HaiiloGroupId> =
            self.plan.operations.iter().filter_map(GroupOperation::haiilo_id).collect();
        let owners = input.state.groups.owners();
        let is_ours = |id: &HaiiloGroupId| owners.contains_key(id) || adopted.contains(id);
        let unmanaged = shown.iter().filter(|group| !is_ours(&group.id)).count();
        self.plan.counts = GroupCounts { chosen: chosen.len(), unmanaged, ..self.plan.counts };
    }
}

/// The attributes of a group that change.
fn changes(group: &OktaGroup, shown: &HaiiloGroup, described: Option<&str>) -> Vec<GroupChange> {
    let mut changes = Vec::new();
    if !same(Some(&group.name), Some(&shown.name)) {
        changes.push(GroupChange {
            attribute: GroupAttribute::Name,
            from: Some(shown.name.clone()).filter(|name| !name.is_empty()),
            to: Some(CompactString::from(group.name.trim())),
        });
    }
    let (from, to) = (shown.description.as_deref(), group.description.as_deref());
    let is_to_be_set = match to {
        // If the server drops descriptions, the same description is not sent again.
        Some(_) => !same(from, to) && !same(described, to),
        // A description that a person wrote in Haiilo stays.
        None => from.is_some() && described.is_some(),
    };
    if is_to_be_set {
        let (from, to) = (shown.description.clone(), group.description.clone());
        changes.push(GroupChange { attribute: GroupAttribute::Description, from, to });
    }
    changes
}
