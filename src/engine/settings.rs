//! What a cycle needs to know besides the adapters: the mapping, the administrator's decisions, and how fast to go.

use std::time::Duration;

use chrono::TimeDelta;

use crate::config::settings::{PushRule, UpdateMethod};
use crate::domain::mapping::Mapping;
use crate::domain::model::ids::{Fingerprint, UserName};
use crate::domain::model::policy::{GroupRules, Policy};
use crate::domain::model::word::Word as _;
use crate::domain::state::sync_state::{AcceptedMapping, Tenant};

/// How long an approval, or a reviewed plan, permits what is in it.
pub(super) const APPROVAL_LASTS: TimeDelta = TimeDelta::hours(24);

/// The settings of a cycle.
#[derive(Debug)]
pub struct CycleSettings {
    /// The tenants.
    pub tenant: Tenant,
    /// The mapping.
    pub mapping: Mapping,
    /// The administrator's decisions.
    pub policy: Policy,
    /// What is done when Okta's own push is on.
    pub push_is_on: PushRule,
    /// Rows of a page of accounts.
    pub page_size: u32,
    /// How many requests to Haiilo are under way at once.
    pub concurrency: usize,
    /// `[groups]`; `None` where groups are not synced.
    pub groups: Option<GroupRules>,
    /// How long the journal is kept.
    pub journal_keep: TimeDelta,
    /// How an account is changed; another method needs new canaries.
    pub update_method: UpdateMethod,
}

/// Writes stop this long after the snapshot; the rest belongs to the next cycle.
pub(super) const WRITING_TIME: Duration = Duration::from_mins(30);

impl CycleSettings {
    /// The mapping, as a fingerprint.
    pub fn mapping_fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&[self.mapping.text()])
    }

    /// The mapping as the store keeps it once a plan with it is permitted.
    pub(super) fn accepted_mapping(&self) -> AcceptedMapping {
        AcceptedMapping { fingerprint: self.mapping_fingerprint(), parts: self.mapping.parts().clone() }
    }

    /// What grace periods depend on.
    pub(super) fn leaver_rules(&self) -> Fingerprint {
        Fingerprint::of(&[&self.tenant.app_id, self.mapping.text(), &self.policy.leaver_text()])
    }

    /// What canaries depend on.
    pub(super) fn canary_rules(&self) -> Fingerprint {
        Fingerprint::of(&[&self.tenant.base_url, self.mapping.text(), self.update_method.as_str()])
    }

    /// What following Okta's log depends on: under other rules all people are read first.
    pub(super) fn polling_rules(&self) -> Fingerprint {
        let Tenant { org_id: _, org_url, app_id, product, base_url } = &self.tenant;
        let policy = format!("{:?}", self.policy);
        let owner = self.policy.token_owner.as_ref().map_or("", UserName::as_str);
        let version = env!("CARGO_PKG_VERSION");
        let (mapping, method) = (self.mapping.text(), self.update_method.as_str());
        Fingerprint::of(&[org_url, app_id, product, base_url, mapping, &policy, owner, method, version])
    }
}

/// One of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Assignments.
    Okta,
    /// Accounts.
    Haiilo,
}

/// Watches a cycle while it goes on, for a progress bar.
pub trait Observer: Send + Sync {
    /// A page was read: rows so far, and how many there will be, where that is known.
    fn read(&self, side: Side, rows: usize, of: Option<usize>);

    /// The plan is about to be applied.
    fn applying(&self, operations: usize);

    /// One operation has ended.
    fn ended(&self);
}

/// Watches nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn read(&self, _: Side, _: usize, _: Option<usize>) {}
    fn applying(&self, _: usize) {}
    fn ended(&self) {}
}
