//! What the store remembers between cycles, as one value that a plan is made from.

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

/// Everything that the store remembers and that a plan depends on.
#[derive(Clone, Debug, Default)]
pub struct SyncState {
    /// Whose people these are.
    pub tenant: Option<Tenant>,
    /// Whether a first run was approved.
    pub first_run: FirstRun,
    /// The links.
    pub links: Links,
    /// People who are no longer assigned.
    pub leavers: BTreeMap<OktaUserId, LeaverRecord>,
    /// Values that are not sent again, by person and path.
    pub rejected: BTreeMap<(OktaUserId, CompactString), RememberedRejection>,
    /// Groups that Haiilo does not have, with the time when it said so.
    pub missing_groups: BTreeMap<CompactString, DateTime<Utc>>,
    /// Accounts that a pattern once protected, with the pattern.
    pub protected: BTreeMap<HaiiloId, String>,
    /// Since when somebody watches.
    pub watch: Option<Watch>,
    /// The mapping that the last accepted plan was made with.
    pub mapping: Option<AcceptedMapping>,
    /// What was done in the last 24 hours without an approval, by the limit that it counts towards. Leavers and missing accounts are
    /// counted from their records, and members by group.
    pub recent: BTreeMap<LimitName, u64>,
    /// Approvals that are still alive.
    pub approvals: Vec<Approval>,
    /// Operations without an outcome: a crash came between, or an answer was lost.
    pub open: Vec<OpenOperation>,
    /// Kinds of operations with their sets of paths whose canary was seen, each with the fingerprint of the configuration.
    pub canaries: BTreeSet<(Fingerprint, String)>,
    /// Complete cycles so far.
    pub cycles: u64,
    /// Whether an operator stopped all writes.
    pub pause: Option<Pause>,
    /// People whom an operator confirmed as new, although they share a key with others.
    pub confirmed_new: BTreeSet<OktaUserId>,
    /// People whose account was made anew by hand: none of them is a leaver until they were assigned once.
    pub recreated: BTreeSet<OktaUserId>,
    /// The userNames that linked accounts once had, by [`UserName::key`], each with the person.
    pub former_names: BTreeSet<(CompactString, OktaUserId)>,
    /// What is remembered of groups.
    pub groups: GroupSyncState,
    /// What became of the accounts of people who left, where an account may come back.
    pub removed_accounts: BTreeMap<OktaUserId, RemovedAccount>,
    /// An account that was gone after a deactivation which should have left it there: the directory's policy is another one.
    pub deactivation_deleted: Option<HaiiloId>,
}

impl SyncState {
    /// What counts towards this limit from the last 24 hours.
    pub fn recent(&self, limit: LimitName) -> u64 {
        self.recent.get(&limit).copied().unwrap_or(0)
    }

    /// Creates that were sent for a person, and whose answers were lost.
    pub fn lost_creates(&self, okta_id: &OktaUserId) -> impl Iterator<Item = &OpenOperation> {
        self.open.iter().filter(move |open| open.kind == OperationKind::Create && open.okta_id == *okta_id)
    }

    /// Somebody else than this person for whom an account of that name was perhaps made: the create was sent, and its answer lost.
    pub fn perhaps_made_for(&self, name: &UserName, okta_id: &OktaUserId) -> Option<&OktaUserId> {
        let is_anothers = |open: &&OpenOperation| {
            open.kind == OperationKind::Create && open.okta_id != *okta_id && open.user_name.same_as(name)
        };
        self.open.iter().find(is_anothers).map(|open| &open.okta_id)
    }
}

impl Pause {
    /// Its end in words.
    pub fn end(&self) -> String {
        self.until.map_or("until `resume`".to_owned(), |until| until.format("until %Y-%m-%d %H:%M UTC").to_string())
    }
}

/// A pause of all writes to Haiilo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Its end; `None` where somebody must end it.
    pub until: Option<DateTime<Utc>>,
    /// Who wanted it.
    pub by: String,
    /// Why, in that person's words.
    pub reason: Option<String>,
}

impl SyncState {
    /// The pause that holds at this time.
    pub fn pause_at(&self, now: DateTime<Utc>) -> Option<&Pause> {
        self.pause.as_ref().filter(|pause| pause.until.is_none_or(|until| now < until))
    }
}

impl SyncState {
    /// Whether it was we who deactivated this account of this person.
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

/// A mapping that a plan was let through with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedMapping {
    /// All of it.
    pub fingerprint: Fingerprint,
    /// Its parts, by which an edit is told; empty where an older version of the program kept none.
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

/// The two ends that a store belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// The id of the Okta organization, once it was learnt.
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

/// Since when complete full cycles have followed each other without a gap, under the same rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// The start.
    pub since: DateTime<Utc>,
    /// The last complete full cycle.
    pub last: DateTime<Utc>,
    /// The rules that leavers' clocks depend on.
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

/// What an operator lets pass of a blocked plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// The things, in the form of [`Operation::to_json`](crate::plan::operation::Operation::to_json).
    pub items: BTreeSet<String>,
    /// When it ends.
    pub until: DateTime<Utc>,
}

/// An operation that was written down and whose outcome is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenOperation {
    /// The entry of the journal.
    pub entry: i64,
    /// The kind.
    pub kind: OperationKind,
    /// The person.
    pub okta_id: OktaUserId,
    /// The account, where it existed.
    pub haiilo_id: Option<HaiiloId>,
    /// The userName.
    pub user_name: UserName,
}

/// What the store remembers of groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupSyncState {
    /// The links, by the group of Okta.
    pub links: BTreeMap<OktaGroupId, GroupLink>,
    /// How many members were taken out of each group in the last day without an approval.
    pub removed: BTreeMap<OktaGroupId, u64>,
    /// Operations without an outcome: a crash came between, or an answer was lost.
    pub open: Vec<OpenGroupOperation>,
}

impl GroupSyncState {
    /// Whose group each group of Haiilo is that is anybody's.
    pub fn owners(&self) -> BTreeMap<&HaiiloGroupId, &GroupLink> {
        // Of two links to one group, the first counts.
        self.links.values().rev().map(|link| (&link.haiilo_id, link)).collect()
    }

    /// Whether a create was sent for a group, and its answer lost.
    pub fn is_perhaps_made(&self, id: &OktaGroupId) -> bool {
        self.open.iter().any(|open| open.kind == GroupKind::Create && open.okta_id == *id)
    }
}

/// An operation on a group that was written down and whose outcome is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenGroupOperation {
    /// The entry of the journal.
    pub entry: i64,
    /// The kind.
    pub kind: GroupKind,
    /// The group of Okta.
    pub okta_id: OktaGroupId,
    /// The group of Haiilo, where it existed.
    pub haiilo_id: Option<HaiiloGroupId>,
}
