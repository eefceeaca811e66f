//! Matching: which group of Haiilo belongs to which group of Okta. The link decides, then `externalId`, then the name without case. A group
//! whose match is not certain is held.

use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::model::group::{HaiiloGroup, OktaGroup, key};
use crate::model::ids::{HaiiloGroupId, OktaGroupId};
use crate::model::link::{GroupLink, Origin};
use crate::plan::hold::{GroupHold, GroupHoldReason};
use crate::state::sync_state::GroupSyncState;

/// A chosen group, and what was found for it.
#[derive(Clone, Debug)]
pub struct MatchedGroup<'a> {
    /// The group of Okta.
    pub group: &'a OktaGroup,
    /// What was found.
    pub target: GroupMatch<'a>,
}

/// The group of Haiilo that was found.
#[derive(Clone, Copy, Debug)]
pub enum GroupMatch<'a> {
    /// The linked group.
    Linked(&'a HaiiloGroup, &'a GroupLink),
    /// A group that has no link yet.
    Unowned(&'a HaiiloGroup, Origin),
    /// No group.
    Nothing,
}

impl<'a> GroupMatch<'a> {
    /// The group of Haiilo.
    pub fn shown(self) -> Option<&'a HaiiloGroup> {
        match self {
            Self::Linked(group, _) | Self::Unowned(group, _) => Some(group),
            Self::Nothing => None,
        }
    }

    /// The description that we last set.
    pub fn described(self) -> Option<&'a str> {
        match self {
            Self::Linked(_, link) => link.described.as_deref(),
            Self::Unowned(..) | Self::Nothing => None,
        }
    }
}

/// What was found for all chosen groups.
#[derive(Clone, Debug, Default)]
pub struct GroupMatching<'a> {
    /// Groups with a certain match.
    pub matched: Vec<MatchedGroup<'a>>,
    /// Groups without a certain match.
    pub held: Vec<GroupHold>,
}

/// Haiilo's groups, indexed by all keys that a group is found by.
struct HaiiloGroups<'a> {
    by_id: BTreeMap<&'a HaiiloGroupId, &'a HaiiloGroup>,
    by_name: BTreeMap<CompactString, Vec<&'a HaiiloGroup>>,
    by_external: BTreeMap<&'a str, Vec<&'a HaiiloGroup>>,
    owners: BTreeMap<&'a HaiiloGroupId, &'a GroupLink>,
    state: &'a GroupSyncState,
}

/// Finds the group of Haiilo for each chosen group. Both listings are complete.
pub fn match_groups<'a>(
    chosen: &'a [OktaGroup],
    shown: &'a [HaiiloGroup],
    state: &'a GroupSyncState,
) -> GroupMatching<'a> {
    let shown = HaiiloGroups::of(shown, state);
    let mut names: BTreeMap<CompactString, Vec<&OktaGroupId>> = BTreeMap::new();
    for group in chosen {
        names.entry(key(&group.name)).or_default().push(&group.id);
    }
    let mut matching = GroupMatching::default();
    for group in chosen {
        let shared_names =
            names[&key(&group.name)].iter().filter(|id| **id != &group.id).map(|id| (*id).clone()).collect();
        match shown.find(group, shared_names) {
            Ok(target) => matching.matched.push(MatchedGroup { group, target }),
            Err((haiilo_id, reason)) => {
                matching.held.push(GroupHold {
                    okta_id: group.id.clone(),
                    haiilo_id,
                    name: group.name.clone(),
                    reason,
                });
            }
        }
    }
    matching
}

type Doubt = (Option<HaiiloGroupId>, GroupHoldReason);

impl<'a> HaiiloGroups<'a> {
    fn of(groups: &'a [HaiiloGroup], state: &'a GroupSyncState) -> Self {
        let mut shown = Self {
            by_id: groups.iter().map(|group| (&group.id, group)).collect(),
            by_name: BTreeMap::new(),
            by_external: BTreeMap::new(),
            owners: state.owners(),
            state,
        };
        for group in groups {
            shown.by_name.entry(key(&group.name)).or_default().push(group);
            if let Some(external) = &group.external_id {
                shown.by_external.entry(external).or_default().push(group);
            }
        }
        shown
    }

    fn find(&self, group: &OktaGroup, shared_names: Vec<OktaGroupId>) -> Result<GroupMatch<'a>, Doubt> {
        if group.name.trim().is_empty() {
            return Err((None, GroupHoldReason::Nameless));
        }
        let link = self.state.links.get(&group.id);
        let found = link.and_then(|link| Some((*self.by_id.get(&link.haiilo_id)?, link)));
        let fits = found.is_some_and(|(shown, _)| key(&shown.name) == key(&group.name));
        // A group that already has the name takes it from no other group.
        if !shared_names.is_empty() && !fits {
            return Err((link.map(|link| link.haiilo_id.clone()), GroupHoldReason::SameName(shared_names)));
        }
        let target = match (found, link) {
            (Some((shown, link)), _) => GroupMatch::Linked(shown, link),
            (None, Some(link)) => match self.unowned(group)? {
                GroupMatch::Nothing => return Err((Some(link.haiilo_id.clone()), GroupHoldReason::Missing)),
                target => target,
            },
            (None, None) => self.unowned(group)?,
        };
        if let Some(shown) = target.shown() {
            self.is_name_free(group, shown)?;
        }
        Ok(target)
    }

    /// Finds a group without a link, by this group's id or by its name.
    fn unowned(&self, group: &OktaGroup) -> Result<GroupMatch<'a>, Doubt> {
        let lost = self.state.is_perhaps_made(&group.id);
        let origin = if lost { Origin::Created } else { Origin::Adopted };
        let by_external = self.by_external.get(group.id.as_str()).map_or(&[][..], Vec::as_slice);
        let by_external: Vec<&HaiiloGroup> =
            by_external.iter().copied().filter(|shown| !self.owners.contains_key(&shown.id)).collect();
        let by_name = self.by_name.get(&key(&group.name)).map_or(&[][..], Vec::as_slice);
        match (by_external.as_slice(), by_name) {
            ([one], _) => Ok(GroupMatch::Unowned(one, origin)),
            ([], []) => Ok(GroupMatch::Nothing),
            ([], [one]) => {
                if let Some(owner) = self.owners.get(&one.id) {
                    let reason = GroupHoldReason::GroupOfAnother(one.id.clone(), owner.okta_id.clone());
                    return Err((Some(one.id.clone()), reason));
                }
                match &one.external_id {
                    Some(external) => {
                        let reason = GroupHoldReason::NotAdoptable(one.id.clone(), external.clone());
                        Err((Some(one.id.clone()), reason))
                    }
                    None => Ok(GroupMatch::Unowned(one, origin)),
                }
            }
            ([], several) | (several, _) => {
                let ids = several.iter().map(|shown| shown.id.clone()).collect();
                Err((None, GroupHoldReason::SeveralGroups(ids)))
            }
        }
    }

    /// Whether a group that should get another name can have it.
    fn is_name_free(&self, group: &OktaGroup, shown: &HaiiloGroup) -> Result<(), Doubt> {
        let others = self.by_name.get(&key(&group.name)).into_iter().flatten();
        let Some(other) = others.into_iter().find(|other| other.id != shown.id) else { return Ok(()) };
        let reason = match self.owners.get(&other.id) {
            Some(owner) => GroupHoldReason::GroupOfAnother(other.id.clone(), owner.okta_id.clone()),
            None => GroupHoldReason::NameTaken(other.id.clone()),
        };
        Err((Some(shown.id.clone()), reason))
    }
}
