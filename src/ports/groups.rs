//! What a cycle asks of both sides about groups. Reading and writing are different traits here, too.

use std::future::Future;

use compact_str::CompactString;

use crate::domain::groups::member_index::MemberIndex;
use crate::domain::listing::snapshot::PageRequest;
use crate::domain::model::group::{HaiiloGroup, OktaGroup};
use crate::domain::model::ids::{HaiiloGroupId, HaiiloId, OktaGroupId, OktaUserId};
use crate::domain::plan::group_operation::GroupChange;
use crate::ports::cycle::{Cursor, Failure};

/// Where groups come from: Okta's Groups API, and the groups of the application.
pub trait GroupSource: Send + Sync {
    /// One page of the groups that are assigned to the application: the first one, or the one behind a cursor.
    fn assigned_groups(&self, cursor: Option<&Cursor>) -> impl Future<Output = Result<GroupPage, Failure>> + Send;

    /// One page of the groups whose name begins so.
    fn groups_named(
        &self,
        name: &str,
        cursor: Option<&Cursor>,
    ) -> impl Future<Output = Result<GroupPage, Failure>> + Send;

    /// One group by id; `None` is Okta's own word that there is no such group.
    fn group(&self, id: &OktaGroupId) -> impl Future<Output = Result<Option<OktaGroup>, Failure>> + Send;

    /// One page of the members of a group.
    fn members(
        &self,
        id: &OktaGroupId,
        cursor: Option<&Cursor>,
    ) -> impl Future<Output = Result<MemberPage, Failure>> + Send;
}

/// One page of groups of Okta.
#[derive(Clone, Debug)]
pub struct GroupPage {
    /// The rows; `None` for each that has no id.
    pub rows: Vec<Option<OktaGroup>>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<Cursor>,
}

/// One page of the members of a group of Okta.
#[derive(Clone, Debug)]
pub struct MemberPage {
    /// The ids of the users; `None` for each row that has none.
    pub rows: Vec<Option<OktaUserId>>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<Cursor>,
}

/// Reads groups: Haiilo's SCIM endpoint.
pub trait GroupReader: Send + Sync {
    /// One page of the listing. Members are read into the seats of the roster.
    fn list_groups(
        &self,
        request: PageRequest,
        roster: &MemberIndex<'_>,
    ) -> impl Future<Output = Result<GroupRows, Failure>> + Send;

    /// One group by id, with its members; `None` when the server says that it does not exist.
    fn read_group(
        &self,
        id: &HaiiloGroupId,
        roster: &MemberIndex<'_>,
    ) -> impl Future<Output = Result<Option<HaiiloGroup>, Failure>> + Send;
}

/// One page of groups of Haiilo.
#[derive(Clone, Debug)]
pub struct GroupRows {
    /// The rows; `None` for each that cannot be read.
    pub rows: Vec<Option<HaiiloGroup>>,
    /// `totalResults`, where the server gave one.
    pub total: Option<u64>,
}

/// Writes groups: Haiilo's SCIM endpoint. No dry run has one.
pub trait GroupWriter: Send + Sync {
    /// Makes a group without members; its id, where the answer gives it.
    fn create_group(&self, group: &NewGroup<'_>)
    -> impl Future<Output = Result<Option<HaiiloGroupId>, Failure>> + Send;

    /// Changes a group's own attributes.
    fn update_group(
        &self,
        id: &HaiiloGroupId,
        changes: &[GroupChange],
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Takes accounts into a group, or out of it. The caller sees to it that they fit into one request.
    fn move_members(
        &self,
        id: &HaiiloGroupId,
        direction: Direction,
        accounts: &[HaiiloId],
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Deletes a group.
    fn delete_group(&self, id: &HaiiloGroupId) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// A group that is made.
#[derive(Clone, Copy, Debug)]
pub struct NewGroup<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its description.
    pub description: Option<&'a CompactString>,
    /// The group of Okta, as its `externalId`.
    pub okta_id: &'a OktaGroupId,
}

/// Which way members go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Into a group.
    In,
    /// Out of it.
    Out,
}
