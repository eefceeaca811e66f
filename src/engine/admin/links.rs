//! Links that an operator makes or ends, and people whom an operator confirms as new. Nothing is sent to Haiilo.

use crate::domain::model::ids::{HaiiloId, OktaUserId};
use crate::domain::model::link::Link;
use crate::domain::planning::operator::{self, LinkChange};
use crate::engine::admin::operator::{AdminError, Operator};
use crate::engine::prepared::Prepared;
use crate::ports::{ActWriter, Adapters};

impl<W: Adapters<Store: ActWriter>> Operator<'_, W> {
    /// Links a person and an account.
    pub async fn link(&self, prepared: &Prepared, login: &str, haiilo_id: &HaiiloId) -> Result<LinkChange, AdminError> {
        let change = operator::link_change(&prepared.input(self.settings), login, haiilo_id)?;
        self.adapters.store().link(&change, &self.run_context, prepared.now).await?;
        Ok(change)
    }

    /// Ends a link.
    pub async fn unlink(&self, prepared: &Prepared, login: &str) -> Result<Link, AdminError> {
        let link = operator::linked(prepared.state(), login)?;
        self.adapters.store().unlink(link, &self.run_context, prepared.now).await?;
        Ok(link.clone())
    }

    /// Confirms that a person is new, whatever they share with others.
    pub async fn confirm_new(&self, prepared: &Prepared, login: &str) -> Result<OktaUserId, AdminError> {
        let person = operator::assigned(prepared.people(), login)?;
        self.adapters.store().confirm_new(person, &self.run_context, prepared.now).await?;
        Ok(person.id.clone())
    }
}
