//! Acts that only the store keeps: approvals, pauses, links, confirmations, and what the store is bound to. Nothing is sent to Haiilo.

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock as _;
use crate::domain::model::ids::{ApprovalId, HaiiloId, OktaUserId};
use crate::domain::model::link::Link;
use crate::domain::planning::operator::{self, ActRefused, LinkChange};
use crate::domain::state::sync_state::{Pause, Tenant};
use crate::engine::admin::operator::{AdminError, Operator};
use crate::engine::prepared::Prepared;
use crate::engine::settings::APPROVAL_LASTS;
use crate::ports::{ActWriter, Adapters, AssignmentSource as _, StoreReader as _, StoreWriter as _};

/// A plan that is approved now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApprovedPlan {
    /// How many entries the approval names.
    pub items: usize,
    /// When it expires.
    pub until: DateTime<Utc>,
}

/// What the store is bound to, beside the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rebinding {
    /// The store is not bound yet.
    Unbound,
    /// The store is bound to what is configured.
    Same,
    /// The store is bound to this.
    From(Tenant),
}

impl<W: Adapters<Store: ActWriter>> Operator<'_, W> {
    /// Permits exactly the operations of a blocked plan.
    pub async fn approve(&self, id: &ApprovalId) -> Result<ApprovedPlan, AdminError> {
        let now = self.adapters.clock().now();
        let until = now + APPROVAL_LASTS;
        let items = self.adapters.store().approve(id, until, &self.run_context, now).await?;
        let items = items.ok_or_else(|| ActRefused::NoBlockedPlan(id.clone()))?;
        Ok(ApprovedPlan { items, until })
    }

    /// Stops all writes for a time, or until `resume`. It replaces an earlier pause.
    pub async fn pause(&self, length: Option<TimeDelta>) -> Result<Pause, AdminError> {
        let until = length.map(|length| self.adapters.clock().now() + length);
        let pause = Pause { until, by: self.run_context.by.clone(), reason: self.run_context.reason.clone() };
        self.adapters.store().pause(&pause).await?;
        Ok(pause)
    }

    /// Ends the pause.
    pub async fn resume(&self) -> Result<(), AdminError> {
        Ok(self.adapters.store().resume().await?)
    }

    /// Links a person and an account.
    pub async fn link(&self, prepared: &Prepared, login: &str, haiilo_id: &HaiiloId) -> Result<LinkChange, AdminError> {
        let change = operator::link_change(&prepared.input(self.settings), login, haiilo_id)?;
        self.adapters.store().link(&change, &self.run_context, prepared.collected.now).await?;
        Ok(change)
    }

    /// Ends a link.
    pub async fn unlink(&self, prepared: &Prepared, login: &str) -> Result<Link, AdminError> {
        let link = operator::linked(prepared.state(), login)?;
        self.adapters.store().unlink(link, &self.run_context, prepared.collected.now).await?;
        Ok(link.clone())
    }

    /// Confirms that a person is new, whatever they share with others.
    pub async fn confirm_new(&self, prepared: &Prepared, login: &str) -> Result<OktaUserId, AdminError> {
        let person = operator::assigned(prepared.people(), login)?;
        self.adapters.store().confirm_new(person, &self.run_context, prepared.collected.now).await?;
        Ok(person.id.clone())
    }

    /// What binding the store would change.
    pub async fn rebinding(&self) -> Result<Rebinding, AdminError> {
        let Some(known) = self.adapters.store().sync_state(self.adapters.clock().now()).await?.tenant else {
            return Ok(Rebinding::Unbound);
        };
        let configured = Tenant { org_id: known.org_id.clone(), ..self.settings.tenant.clone() };
        Ok(if known == configured { Rebinding::Same } else { Rebinding::From(known) })
    }

    /// Binds the store to what is configured.
    pub async fn rebind(&self) -> Result<(), AdminError> {
        let org_id = self.adapters.source().organization().await.map_err(AdminError::OktaOrganization)?;
        let tenant = Tenant { org_id, ..self.settings.tenant.clone() };
        Ok(self.adapters.store().settle_tenant(&tenant, self.adapters.clock().now()).await?)
    }
}
