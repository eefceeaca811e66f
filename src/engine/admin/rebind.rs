//! Binding a store to another organization, application or Haiilo, after a move.

use crate::clock::Clock as _;
use crate::domain::state::sync_state::Tenant;
use crate::engine::admin::operator::{AdminError, Operator};
use crate::ports::{ActWriter, Adapters, AssignmentSource as _, StoreReader as _, StoreWriter as _};

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
