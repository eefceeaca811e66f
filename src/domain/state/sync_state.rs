//! What the store remembers between cycles, as one value. A plan is made from it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use compact_str::CompactString;

use crate::model::ids::{ApprovalId, Fingerprint, HaiiloGroupId, HaiiloId, OktaGroupId, OktaUserId, UserName};
use crate::model::limit::LimitName;
use crate::model::link::{GroupLink, Links};
use crate::model::policy::RemovalEffect;
use crate::plan::group_operation::GroupKind;
use crate::plan::leaver::{LeaverRecord, RemovedAccount};
use crate::plan::operation::OperationKind;

/// All that the store remembers and that a plan depends on.
#[derive(Clone, Debug, Default)]
pub struct SyncState {
    /// The Okta organization and the Haiilo endpoint of this store.
    pub tenant: Option<Tenant>,
    /// Whether a first run was approved.
    pub first_run: FirstRun,
    /// The links.
    pub links: Links,
    /// People who are no longer assigned.
    pub leavers: BTreeMap<OktaUserId, LeaverRecord>,
    /// Values that are not sent again, by person and path.
    pub rejected: BTreeMap<(OktaUserId, CompactString), RememberedRejection>,
    /// Groups that Haiilo does not have, with the time of its answer.
    pub missing_groups: BTreeMap<CompactString, DateTime<Utc>>,
    /// Accounts that a pattern once protected, with the pattern.
    pub protected: BTreeMap<HaiiloId, String>,
    /// The period without a gap between complete cycles.
    pub watch: Option<Watch>,
    /// The mapping of the last accepted plan.
    pub mapping: Option<AcceptedMapping>,
    /// Operations of the last 24 hours without an approval, by the limit that they count towards. Leavers and missing accounts are counted
    /// from their records, and members by group.
    pub recent: BTreeMap<LimitName, u64>,
    /// Approvals that are still valid.
    pub approvals: Vec<Approval>,
    /// Operations without an outcome, because of a crash or a lost answer.
    pub open: Vec<OpenOperation>,
    /// Kinds of operations with their sets of paths whose canary succeeded, each with the fingerprint of the configuration.
    pub canaries: BTreeSet<(Fingerprint, String)>,
    /// Complete cycles so far.
    pub cycles: u64,
    /// Whether an operator stopped all writes.
    pub pause: Option<Pause>,
    /// People that an operator confirmed as new, although they share a key with others.
    pub confirmed_new: BTreeSet<OktaUserId>,
    /// People whose account was recreated by hand. None of them is a leaver until they have been assigned once.
    pub recreated: BTreeSet<OktaUserId>,
    /// The userNames that linked accounts once had, by [`UserName::key`], each with the person.
    pub former_names: BTreeSet<(CompactString, OktaUserId)>,
    /// What the store remembers about groups.
    pub groups: GroupSyncState,
    /// What happened to the accounts of leavers, where an account may come back.
    pub removed_accounts: BTreeMap<OktaUserId, RemovedAccount>,
    /// An account that no longer existed after a deactivation that should have kept it: the directory's policy is not the configured one.
    pub deactivation_deleted: Option<HaiiloId>,
}

impl SyncState {
    /// The count towards this limit from the last 24 hours.
    pub fn recent(&self, limit: LimitName) -> u64 {
        self.recent.get(&limit).copied().unwrap_or(0)
    }

    /// Creates that were sent for a person and whose answers were lost.
    pub fn lost_creates(&self, okta_id: &OktaUserId) -> impl Iterator<Item = &OpenOperation> {
        self.open.iter().filter(move |open| open.kind == OperationKind::Create && open.okta_id == *okta_id)
    }

    /// Another person who perhaps got an account with this name: the create was sent, and its answer was lost.
    pub fn perhaps_made_for(&self, name: &UserName, okta_id: &OktaUserId) -> Option<&OktaUserId> {
        let is_anothers = |open: &&OpenOperation| {
            open.kind == OperationKind::Create && open.okta_id != *okta_id && open.user_name.same_as(name)
        };
        self.open.iter().find(is_anothers).map(|open| &open.okta_id)
    }
}

impl Pause {
    /// The end of the pause, in words.
    pub fn end(&self) -> String {
        self.until.map_or("until `resume`".to_owned(), |until| until.format("until %Y-%m-%d %H:%M UTC").to_string())
    }
}

/// A pause of all writes to Haiilo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Its end; `None` where an operator must end it.
    pub until: Option<DateTime<Utc>>,
    /// Who started it.
    pub by: String,
    /// Why, in that person's words.
    pub reason: Option<String>,
}

impl SyncState {
    /// The pause that is active at this time.
    pub fn pause_at(&self, now: DateTime<Utc>) -> Option<&Pause> {
        self.pause.as_ref().filter(|pause| pause.until.is_none_or(|until| now < until))
    }
}

impl SyncState {
    /// Whether we deactivated this account of this person.
    pub fn deactivated(&self, okta_id: &OktaUserId, haiilo_id: &HaiiloId) -> bool {
        self.removed_accounts
            .get(okta_id)
            .is_some_and(|gone| gone.effect == RemovalEffect::Deactivated && gone.haiilo_id == *haiilo_id)
    }

    /// The account of this person that we deleted.
    pub fn deleted(&self, okta_id: &OktaUserId) -> Option<&HaiiloId> {
        self.removed_accounts
            .get(okta_id)
            .filter(|gone| gone.effect == RemovalEffect::Deleted)
            .map(|gone| &gone.haiilo_id)
    }
}

/// A mapping of an accepted plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedMapping {
    /// The fingerprint of the complete mapping.
    pub fingerprint: Fingerprint,
    /// Its parts, to detect an edit. Empty where an older version of the program stored none.
    pub parts: BTreeMap<String, String>,
}

/// Whether an operator ever approved a first run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstRun {
    /// Not yet.
    #[default]
    Due,
    /// Yes.
    Done,
}

/// The two systems that a store belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// The id of the Okta organization, once it is known.
    pub org_id: Option<String>,
    /// The URL of the Okta organization.
    pub org_url: String,
    /// The application.
    pub app_id: String,
    /// The product.
    pub product: String,
    /// Haiilo's SCIM endpoint.
    pub base_url: String,
}

/// The period in which complete full cycles followed each other without a gap, under the same rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// The start.
    pub since: DateTime<Utc>,
    /// The last complete full cycle.
    pub last: DateTime<Utc>,
    /// The rules that grace periods depend on.
    pub rules: Fingerprint,
}

/// A value of one account that Haiilo did not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RememberedRejection {
    /// The value, as JSON.
    pub value: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// What an operator approves of a blocked plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// The approved items, in the form of [`Operation::to_json`](crate::plan::operation::Operation::to_json).
    pub items: BTreeSet<String>,
    /// When it expires.
    pub until: DateTime<Utc>,
}

/// An operation that was recorded and whose outcome is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenOperation {
    /// The entry of the journal.
    pub entry: i64,
    /// The kind.
    pub kind: OperationKind,
    /// The person.
    pub okta_id: OktaUserId,
    /// The account, where it already existed.
    pub haiilo_id: Option<HaiiloId>,
    /// The userName.
    pub user_name: UserName,
}

/// What the store remembers about groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupSyncState {
    /// The links, by the group of Okta.
    pub links: BTreeMap<OktaGroupId, GroupLink>,
    /// How many members were removed from each group in the last day without an approval.
    pub removed: BTreeMap<OktaGroupId, u64>,
    /// Operations without an outcome, because of a crash or a lost answer.
    pub open: Vec<OpenGroupOperation>,
}

impl GroupSyncState {
    /// For each linked group of Haiilo, its link.
    pub fn owners(&self) -> BTreeMap<&HaiiloGroupId, &GroupLink> {
        // If two links name one group, the first one counts.
        self.links.values().rev().map(|link| (&link.haiilo_id, link)).collect()
    }

    /// Whether a create was sent for a group and its answer was lost.
    pub fn is_perhaps_made(&self, id: &OktaGroupId) -> bool {
        self.open.iter().any(|open| open.kind == GroupKind::Create && open.okta_id == *id)
    }
}

/// An operation on a group that was recorded and whose outcome is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenGroupOperation {
    /// The entry of the journal.
    pub entry: i64,
    /// The kind.
    pub kind: GroupKind,
    /// The group of Okta.
    pub okta_id: OktaGroupId,
    /// The group of Haiilo, where it already existed.
    pub haiilo_id: Option<HaiiloGroupId>,
}
