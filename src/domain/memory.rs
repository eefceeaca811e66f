//! What the store remembers between cycles, as one value that a plan is made from.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::domain::groups::link::GroupMemory;
use crate::domain::ids::{ApprovalId, HaiiloId, OktaUserId, RunId, UserName};
use crate::domain::leaver::LeaverRecord;
use crate::domain::link::Links;
use crate::domain::operation::Kind;
use crate::domain::policy::Departure;

/// Everything that the store remembers and that a plan depends on.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Whose people these are.
    pub tenant: Option<Tenant>,
    /// Whether a first run was approved.
    pub first_run: FirstRun,
    /// The links.
    pub links: Links,
    /// People who are no longer assigned.
    pub leavers: BTreeMap<OktaUserId, LeaverRecord>,
    /// Values that are not sent again, by person and path.
    pub parked: BTreeMap<(OktaUserId, CompactString), ParkedValue>,
    /// Groups that Haiilo does not have, with the time when it said so.
    pub parked_groups: BTreeMap<CompactString, DateTime<Utc>>,
    /// Accounts that a pattern once protected, with the pattern.
    pub protected: BTreeMap<HaiiloId, String>,
    /// Since when somebody watches.
    pub watch: Option<Watch>,
    /// The mapping that the last accepted plan was made with.
    pub mapping: Option<AcceptedMapping>,
    /// What was done in the last day, apart from what was approved.
    pub recent: Recent,
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
    /// People of whom an operator said that they are nobody else, whatever they share with others.
    pub released: BTreeSet<OktaUserId>,
    /// People whose account was made anew by hand: none of them is a leaver until they were assigned once.
    pub pinned: BTreeSet<OktaUserId>,
    /// The userNames that linked accounts once had, by [`UserName::key`], each with the person.
    pub former_names: BTreeSet<(CompactString, OktaUserId)>,
    /// What is remembered of groups.
    pub groups: GroupMemory,
    /// What became of the accounts of people who left, where an account may come back.
    pub departed: BTreeMap<OktaUserId, Departed>,
    /// An account that was gone after a deactivation which should have left it there: the directory's policy is another one.
    pub deactivation_deleted: Option<HaiiloId>,
}

impl Memory {
    /// Creates that were sent for a person, and whose answers were lost.
    pub fn lost_creates(&self, okta_id: &OktaUserId) -> impl Iterator<Item = &OpenOperation> {
        self.open.iter().filter(move |open| open.kind == Kind::Create && open.okta_id == *okta_id)
    }

    /// Somebody else than this person for whom an account of that name was perhaps made: the create was sent, and its answer lost.
    pub fn perhaps_made_for(&self, name: &UserName, okta_id: &OktaUserId) -> Option<&OktaUserId> {
        let is_anothers = |open: &&OpenOperation| {
            open.kind == Kind::Create && open.okta_id != *okta_id && open.user_name.same_as(name)
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

/// How things stand: what waits for somebody, and how the last cycles went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Refused sets of operations of the last day, the newest first.
    pub waiting: Vec<Waiting>,
    /// The last cycles, the newest first.
    pub cycles: Vec<CycleRecord>,
    /// When the last cycle ended of which both sides were read completely, and in which nothing was wrong with either.
    pub last_complete: Option<DateTime<Utc>>,
    /// When the first cycle began, be it one that failed.
    pub began: Option<DateTime<Utc>>,
}

/// A refused set of operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The id by which it can be approved.
    pub id: ApprovalId,
    /// When it was refused last.
    pub at: DateTime<Utc>,
    /// The broken limits, as JSON.
    pub violations: serde_json::Value,
    /// Until when it is approved, if it is.
    pub approved_until: Option<DateTime<Utc>>,
}

/// What cycles are called of which both sides were read completely, and in which nothing was wrong with either.
const COMPLETE: [&str; 4] = ["applied", "partly", "refused", "paused"];

/// Whether a cycle that ended so was complete.
pub fn is_complete(result: &str) -> bool {
    COMPLETE.contains(&result)
}

/// A cycle that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CycleRecord {
    /// Its name.
    pub run: RunId,
    /// Its start.
    pub started: DateTime<Utc>,
    /// Its end.
    pub ended: DateTime<Utc>,
    /// A word for how it ended.
    pub result: String,
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

impl Memory {
    /// The pause that holds at this time.
    pub fn pause_at(&self, now: DateTime<Utc>) -> Option<&Pause> {
        self.pause.as_ref().filter(|pause| pause.until.is_none_or(|until| now < until))
    }
}

/// What became of the account of somebody who left, where it may come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departed {
    /// The account.
    pub haiilo_id: HaiiloId,
    /// What we did to it.
    pub departure: Departure,
}

impl Memory {
    /// Whether it was we who deactivated this account of this person.
    pub fn deactivated(&self, okta_id: &OktaUserId, haiilo_id: &HaiiloId) -> bool {
        self.departed
            .get(okta_id)
            .is_some_and(|gone| gone.departure == Departure::Deactivated && gone.haiilo_id == *haiilo_id)
    }

    /// The account of this person that we deleted.
    pub fn deleted(&self, okta_id: &OktaUserId) -> Option<&HaiiloId> {
        self.departed.get(okta_id).filter(|gone| gone.departure == Departure::Deleted).map(|gone| &gone.haiilo_id)
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

/// The SHA-256 of a text that stands for a part of the configuration, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(CompactString);

impl Fingerprint {
    /// The fingerprint of texts, in order.
    pub fn of(texts: &[&str]) -> Self {
        let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        for text in texts {
            // The length keeps "ab", "c" apart from "a", "bc".
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text.as_bytes());
        }
        Self(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Takes a fingerprint that was kept.
    pub fn from_hex(hex: impl Into<CompactString>) -> Self {
        Self(hex.into())
    }

    /// The hexadecimal form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
pub struct ParkedValue {
    /// The value, as JSON.
    pub value: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// What was done in the last 24 hours without an approval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recent {
    /// Accounts deleted or deactivated.
    pub deletes: u64,
    /// Accounts made, adopted or made active again.
    pub creates: u64,
    /// Accounts changed.
    pub updates: u64,
    /// Of these, renamed.
    pub renames: u64,
    /// Of these, a value cleared.
    pub clears: u64,
    /// Of these, moved to another group.
    pub moves: u64,
}

/// A set of refused things that an operator lets pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// The things, in the form of [`Operation::to_json`](crate::domain::operation::Operation::to_json).
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
    pub kind: Kind,
    /// The person.
    pub okta_id: OktaUserId,
    /// The account, where it existed.
    pub haiilo_id: Option<HaiiloId>,
    /// The userName.
    pub user_name: UserName,
}
