//! Deleting the account of one deactivated person at once, without the grace period.
//!
//! Everything else is as for any delete: evidence and the control person by Okta's own answers, the account read before, the journal.

use crate::domain::model::assignment::UserStatus;
use crate::domain::model::link::Link;
use crate::domain::plan::evidence::Evidence;
use crate::domain::plan::operation::{Action, Operation, RemovalMethod};
use crate::domain::plan::outcome::Conclusion;
use crate::domain::planning::operator::{self, ActRefused};
use crate::engine::admin::operator::{AdminError, Operator};
use crate::engine::executor::context::Executor;
use crate::engine::prepared::Prepared;
use crate::engine::settings::NoObserver;
use crate::ports::{AccountWriter, ActWriter, Adapters, AssignmentSource as _};

impl<W: Adapters<Store: ActWriter>> Operator<'_, W> {
    /// The link whose account may be deleted at once: nothing protects it, and Okta says that the user is deactivated.
    pub async fn removable(&self, prepared: &Prepared, login: &str) -> Result<Link, AdminError> {
        let link = operator::removable(&prepared.input(self.settings), login)?.clone();
        let id = &link.okta_id;
        let user =
            self.adapters.source().user(id).await.map_err(|failure| AdminError::OktaUser(id.clone(), failure))?;
        match user.map(|user| user.status) {
            Some(UserStatus::Deactivated) => Ok(link),
            Some(_) => Err(ActRefused::NotDeactivated(id.clone()).into()),
            None => Err(ActRefused::NotInOkta(id.clone()).into()),
        }
    }

    /// Deletes the account of a link that is [`removable`](Self::removable).
    pub async fn remove(&self, writer: &impl AccountWriter, prepared: &Prepared, link: &Link) -> Conclusion {
        let executor = Executor::of(self.adapters, writer, self.settings, (prepared, &self.run_context));
        let operation = Operation {
            okta_id: link.okta_id.clone(),
            user_name: link.user_name.clone(),
            action: Action::Delete {
                haiilo_id: link.haiilo_id.clone(),
                evidence: Evidence::Deactivated,
                method: RemovalMethod::Delete,
            },
        };
        let mut concluded = Vec::new();
        executor.remove_accounts(&[&operation], &mut concluded, &NoObserver).await;
        concluded.pop().expect("each operation is concluded")
    }
}
