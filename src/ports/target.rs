//! Where accounts and groups are kept: what a cycle asks of Haiilo. Reading and writing are different traits.

use std::future::Future;

use compact_str::CompactString;

use crate::domain::groups::member_index::MemberIndex;
use crate::domain::listing::snapshot::{AccountPage, PageRequest};
use crate::domain::model::account::{Activity, WholeAccount};
use crate::domain::model::group::HaiiloGroup;
use crate::domain::model::ids::{HaiiloGroupId, HaiiloId, OktaGroupId, UserName};
use crate::domain::plan::group_operation::GroupChange;
use crate::domain::plan::operation::Change;
use crate::ports::failure::Failure;

/// Reads accounts: Haiilo's SCIM endpoint.
pub trait AccountReader: Send + Sync {
    /// One page of the listing.
    fn list(&self, request: PageRequest) -> impl Future<Output = Result<AccountPage, Failure>> + Send;

    /// One account by id; `None` when the server says that it does not exist.
    fn get(&self, id: &HaiiloId) -> impl Future<Output = Result<Option<WholeAccount>, Failure>> + Send;

    /// The accounts that carry this userName. We compare each of them, so a server that ignores the filter misleads nobody. An empty result
    /// proves nothing.
    fn find(&self, name: &UserName) -> impl Future<Output = Result<Vec<WholeAccount>, Failure>> + Send;
}

/// Writes accounts: Haiilo's SCIM endpoint. No dry run has one.
pub trait AccountWriter: Send + Sync {
    /// Makes an account with these values; the answer as far as it shows the account.
    fn create(&self, changes: &[Change]) -> impl Future<Output = Result<Created, Failure>> + Send;

    /// Changes an account; what the answer shows of it afterwards, if anything.
    fn update(
        &self,
        id: &HaiiloId,
        changes: &[Change],
        fallback: Fallback,
    ) -> impl Future<Output = Result<Option<WholeAccount>, Failure>> + Send;

    /// Deletes an account. The caller has read it just before, so the call does not wait: what cannot be done now is not done.
    fn delete(&self, id: &HaiiloId) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Makes an account active or inactive, and nothing else. The caller reads the account afterwards.
    fn set_activity(&self, id: &HaiiloId, activity: Activity) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Whether updates are sent by PUT: as configured, or since the server does not know PATCH.
    fn sends_put(&self) -> bool;

    /// Sends updates by PUT from now on, because the server is known not to know PATCH.
    fn use_put(&self);
}

/// Whether an update may be sent by PUT when the server does not know PATCH. Only a write whose account is read back may find that out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// It may.
    Allowed,
    /// It may not.
    Forbidden,
}

/// What the answer to a create says.
#[derive(Clone, Debug)]
pub enum Created {
    /// It shows the account.
    Shown(Box<WholeAccount>),
    /// It gives only the id.
    Named(HaiiloId),
    /// It says that the account was made and nothing more.
    Silent,
}

/// Reads groups: Haiilo's SCIM endpoint.
pub trait GroupReader: Send + Sync {
    /// One page of the listing. Members are read as places in the `MemberIndex`.
    fn list_groups(
        &self,
        request: PageRequest,
        member_index: &MemberIndex<'_>,
    ) -> impl Future<Output = Result<GroupRows, Failure>> + Send;

    /// One group by id, with its members; `None` when the server says that it does not exist.
    fn read_group(
        &self,
        id: &HaiiloGroupId,
        member_index: &MemberIndex<'_>,
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

    /// Adds accounts to a group, or removes them. The caller makes sure that they fit into one request.
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
