//! Collecting groups: both listings at once, then the members of those groups that take part. What cannot be read to its end becomes a
//! finding, or holds one group; people go on in any case.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};

use crate::domain::groups::diff::{self, GroupPlanInput, Reading};
use crate::domain::groups::limits;
use crate::domain::groups::matching::{MatchedGroup, match_groups};
use crate::domain::groups::member_index::MemberIndex;
use crate::domain::listing::cursor_guard::{GroupPager, MemberPager};
use crate::domain::listing::pager::ScimPager;
use crate::domain::listing::snapshot::Proof;
use crate::domain::model::group::{HaiiloGroup, Members, OktaGroup};
use crate::domain::model::ids::{ApprovalId, HaiiloGroupId, OktaGroupId, OktaUserId};
use crate::domain::model::link::Origin;
use crate::domain::model::policy::{Choice, GroupDeletes, GroupRules};
use crate::domain::plan::cycle_plan::Plan;
use crate::domain::plan::group_plan::{GroupPlan, GroupState};
use crate::domain::plan::warning::Warning;
use crate::domain::planning::input::PlanInput;
use crate::engine::scope::{self, Scope};
use crate::engine::settings::CycleSettings;
use crate::ports::{Adapters, Cursor, Failure, GroupPage, GroupReader as _, GroupRows, GroupSource, MemberPage};

/// Groups of Okta whose members are read at once.
pub const GROUPS_AT_ONCE: usize = 4;
/// The most groups of Haiilo on a page. They come with all their members: a hundred groups of thousands would need more memory than all
/// people, or more than any answer may have.
pub const GROUPS_A_PAGE: u32 = 20;

/// What is known before groups are read.
#[derive(Clone, Copy)]
pub(in crate::engine) struct GroupInput<'a> {
    pub(in crate::engine) input: &'a PlanInput<'a>,
    /// The plan about people.
    pub(in crate::engine) plan: &'a Plan,
    pub(in crate::engine) scope: &'a Scope,
    /// An approval that was named with the command.
    pub(in crate::engine) given: Option<&'a ApprovalId>,
}

/// Reads the groups of both sides and makes the plan about them. Writes nothing, and a failure here stops nobody.
pub(in crate::engine) async fn plan<W: Adapters>(
    adapters: &W,
    settings: &CycleSettings,
    group_input: GroupInput<'_>,
) -> GroupPlan {
    let GroupInput { input, plan, scope, given } = group_input;
    let (Some(rules), false) = (&settings.groups, matches!(scope, Scope::One(_))) else {
        return GroupPlan::default();
    };
    let member_index = MemberIndex::of(input.people, input.accounts, &input.state.links, plan);
    let collector = GroupCollector { adapters, settings, rules, input, member_index: &member_index };
    let mut plan = match collector.plan().await {
        Ok(plan) => plan,
        Err(why) => {
            let warnings = vec![Warning::GroupsNotRead(why)];
            return GroupPlan { state: GroupState::Unread, warnings, ..GroupPlan::default() };
        }
    };
    if let Scope::Reviewed(reviewed) = scope {
        scope::keep_reviewed_groups(&mut plan, reviewed);
    }
    limits::check(&mut plan, input, given);
    plan
}

struct GroupCollector<'a, W> {
    adapters: &'a W,
    settings: &'a CycleSettings,
    rules: &'a GroupRules,
    input: &'a PlanInput<'a>,
    member_index: &'a MemberIndex<'a>,
}

/// Groups of Okta that take part, and what an administrator should know about the choice.
#[derive(Default)]
struct Chosen {
    groups: Vec<OktaGroup>,
    warnings: Vec<Warning>,
}

impl<W: Adapters> GroupCollector<'_, W> {
    async fn plan(&self) -> Result<GroupPlan, String> {
        let (chosen, shown) = tokio::join!(self.chosen(), self.shown());
        let (Chosen { groups: chosen, mut warnings }, shown) = (chosen?, shown?);
        let matching = match_groups(&chosen, &shown, &self.input.state.groups);
        let readings: BTreeMap<OktaGroupId, Reading> = stream::iter(&matching.matched)
            .map(async |matched| (matched.group.id.clone(), self.reading(matched).await))
            .buffer_unordered(GROUPS_AT_ONCE)
            .collect()
            .await;
        let gone = self.gone(&chosen, &shown, &mut warnings).await;
        let Self { input, member_index, .. } = self;
        let input = GroupPlanInput { input, chosen: &chosen, shown: &shown, gone: &gone, member_index };
        let plan = diff::assemble(input, matching, &readings);
        Ok(GroupPlan { warnings, ..plan })
    }

    /// The groups of Okta that take part.
    async fn chosen(&self) -> Result<Chosen, String> {
        let source = self.adapters.source();
        let mut chosen = Chosen::default();
        if self.rules.include.is_empty() {
            chosen.groups = read_all(async |cursor| source.assigned_groups(cursor).await).await?;
        }
        for text in &self.rules.include {
            let found = match Choice::of(text) {
                Choice::Id(id) => source.group(&id).await.map_err(|failure| failure.to_string())?.into_iter().collect(),
                Choice::Name(name) => {
                    let beginning_so = read_all(async |cursor| source.groups_named(&name, cursor).await).await?;
                    beginning_so.into_iter().filter(|group| group.name == name).collect::<Vec<_>>()
                }
            };
            match found.as_slice() {
                [one] => chosen.groups.push(one.clone()),
                [] => chosen.warnings.push(Warning::NoSuchGroup(text.clone())),
                several => chosen.warnings.push(Warning::AmbiguousGroup(text.clone(), several.len())),
            }
        }
        chosen.groups.sort();
        chosen.groups.dedup_by(|later, earlier| later.id == earlier.id);
        Ok(chosen)
    }

    /// All groups of Haiilo.
    async fn shown(&self) -> Result<Vec<HaiiloGroup>, String> {
        let mut pager: ScimPager<HaiiloGroup> = ScimPager::new(self.settings.page_size.min(GROUPS_A_PAGE));
        loop {
            let wanted = pager.wanted().map_err(|incomplete| incomplete.to_string())?;
            if wanted.is_empty() {
                break;
            }
            let is_past_the_end = pager.is_past_the_end();
            let requests = stream::iter(wanted)
                .map(async |request| (request, self.adapters.reader().list_groups(request, self.member_index).await));
            let mut answers = requests.buffer_unordered(self.settings.concurrency);
            while let Some((request, page)) = answers.next().await {
                let GroupRows { rows, total } = match page {
                    // After the last row some servers report a bad request instead of an empty page.
                    Err(failure) if failure.kind == crate::ports::FailureKind::BadRequest && is_past_the_end => {
                        GroupRows { rows: Vec::new(), total: None }
                    }
                    page => page.map_err(|failure| failure.to_string())?,
                };
                pager.take_rows(request, rows.into_iter(), total).map_err(|incomplete| incomplete.to_string())?;
            }
        }
        let listing = pager.listed_rows().map_err(|incomplete| incomplete.to_string())?;
        match listing.proof {
            Proof::Agreed => {
                let mut rows = listing.rows;
                rows.sort_by(|left, right| left.id.cmp(&right.id));
                rows.dedup_by(|later, earlier| later.id == earlier.id);
                Ok(rows)
            }
            Proof::Doubtful(why) => Err(why),
        }
    }

    /// The members of a group on both sides.
    async fn reading(&self, matched: &MatchedGroup<'_>) -> Reading {
        let shown = match matched.target.shown() {
            None => Ok(Members::default()),
            Some(group) => self.inside(group).await,
        };
        Reading { wanted: self.wanted(&matched.group.id).await, shown }
    }

    /// The members of a group of Haiilo. A listing may leave them out.
    async fn inside(&self, group: &HaiiloGroup) -> Result<Members, String> {
        if let Some(members) = &group.members {
            return Ok(members.clone());
        }
        match self.adapters.reader().read_group(&group.id, self.member_index).await {
            Ok(Some(group)) => group.members.ok_or_else(|| "Haiilo shows none".to_owned()),
            Ok(None) => Err("Haiilo lists the group, and does not have it by id".to_owned()),
            Err(failure) => Err(failure.to_string()),
        }
    }

    /// The members of a group of Okta: all of them, or none.
    async fn wanted(&self, id: &OktaGroupId) -> Result<Members, String> {
        let mut pager = MemberPager::default();
        let mut cursor: Option<Cursor> = None;
        loop {
            let page = self.adapters.source().members(id, cursor.as_ref()).await;
            let MemberPage { rows, next } = page.map_err(|failure| failure.to_string())?;
            let seated =
                rows.iter().map(|row| row.as_ref().map(|id| (self.member_index.of_person(id), OktaUserId::as_str(id))));
            let text = next.as_ref().map(|cursor| cursor.0.as_str());
            pager.take(seated, text).map_err(|incomplete| incomplete.to_string())?;
            if next.is_none() {
                return pager.finish().map_err(|incomplete| incomplete.to_string());
            }
            cursor = next;
        }
    }

    /// Of the groups that we made and that are not chosen any more, those that Okta no longer has, with their members in Haiilo.
    async fn gone(
        &self,
        chosen: &[OktaGroup],
        shown: &[HaiiloGroup],
        warnings: &mut Vec<Warning>,
    ) -> BTreeMap<OktaGroupId, Result<u64, String>> {
        let mut gone = BTreeMap::new();
        if self.rules.delete == GroupDeletes::Never {
            return gone;
        }
        let chosen: BTreeSet<&OktaGroupId> = chosen.iter().map(|group| &group.id).collect();
        let shown: BTreeMap<&HaiiloGroupId, &HaiiloGroup> = shown.iter().map(|group| (&group.id, group)).collect();
        let made = self.input.state.groups.links.values().filter(|link| link.origin == Origin::Created);
        for link in made.filter(|link| !chosen.contains(&link.okta_id)) {
            let Some(shown) = shown.get(&link.haiilo_id) else { continue };
            match self.adapters.source().group(&link.okta_id).await {
                Ok(None) => {
                    let inside = self.inside(shown).await;
                    let members = inside.map(|inside| (inside.indexes().len() + inside.others()) as u64);
                    gone.insert(link.okta_id.clone(), members);
                }
                Ok(Some(_)) => {}
                Err(failure) => warnings.push(Warning::GroupNotAsked(link.okta_id.to_string(), failure.to_string())),
            }
        }
        gone
    }
}

/// A listing of groups, read to its end.
async fn read_all(page: impl AsyncFn(Option<&Cursor>) -> Result<GroupPage, Failure>) -> Result<Vec<OktaGroup>, String> {
    let mut pager = GroupPager::default();
    let mut cursor: Option<Cursor> = None;
    loop {
        let GroupPage { rows, next } = page(cursor.as_ref()).await.map_err(|failure| failure.to_string())?;
        let text = next.as_ref().map(|cursor| cursor.0.as_str());
        pager.take(rows, text).map_err(|incomplete| incomplete.to_string())?;
        if next.is_none() {
            return pager.finish().map_err(|incomplete| incomplete.to_string());
        }
        cursor = next;
    }
}
