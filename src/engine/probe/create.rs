//! The account of a probe: made, and read back.

use crate::domain::model::account::Activity;
use crate::domain::model::ids::HaiiloId;
use crate::domain::model::policy::Product;
use crate::domain::model::target::WriteSupport;
use crate::domain::plan::outcome::{Effect, Outcome};
use crate::domain::state::journal::ProbeStep;
use crate::engine::executor::verify;
use crate::engine::probe::context::ProbeRun;
use crate::ports::{AccountReader as _, AccountWriter, Adapters, Created, FailureKind, StoreWriter};

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> ProbeRun<'_, W, A> {
    /// Makes the account; its id, where it is certain.
    pub(super) async fn create(&mut self) -> Option<HaiiloId> {
        let address = &self.probe.name;
        let entry = self.intend(ProbeStep::Create, None, &self.probe.changes, None).await?;
        let by_hand = format!("look for {address} in Haiilo, and delete it there by hand if it is there");
        let (id, end) = match self.methods.patch.create(&self.probe.changes).await {
            Ok(Created::Shown(whole)) => (Some(whole.account.id.clone()), None),
            Ok(Created::Named(id)) => (Some(id), None),
            Ok(Created::Silent) => {
                let why = "Haiilo says that it made the account, and does not say its id";
                (None, Some((Outcome::Unknown(why.to_owned()), format!("{why}: {by_hand}"))))
            }
            Err(failure) if matches!(failure.kind, FailureKind::Unknown | FailureKind::Unreadable) => {
                let text = format!("whether the account was made is not known: {by_hand} ({failure})");
                (None, Some((Outcome::Unknown(failure.to_string()), text)))
            }
            Err(failure) => {
                let text = format!("the account was not made: {failure}");
                (None, Some((Outcome::Failed(failure.to_string()), text)))
            }
        };
        if let Some(id) = id.as_ref().filter(|id| self.prepared.input(self.settings).has_account(id)) {
            let text =
                format!("Haiilo answers a create with account {id}, which was there before, and which is left alone");
            self.conclude(entry, &Outcome::Unknown(text.clone()), &[]).await;
            self.bad(format!("{text}: {by_hand}, and tell haiilo's support"));
            return None;
        }
        match (id, end) {
            (Some(id), _) => {
                self.conclude(entry, &Outcome::Done, &[Effect::ProbeMade(id.clone())]).await;
                self.good(format!("account {id} was made for {address}"));
                Some(id)
            }
            (None, Some((outcome, text))) => {
                self.conclude(entry, &outcome, &[]).await;
                self.bad(text);
                None
            }
            (None, None) => None,
        }
    }

    /// Whether the new account shows what was sent. Only then it is certain that we made it.
    pub(super) async fn read_back(&mut self, id: &HaiiloId, writes: &mut WriteSupport) -> bool {
        let whole = match self.adapters.reader().get(id).await {
            Ok(Some(whole)) => whole,
            Ok(None) => {
                self.odd("Haiilo does not show the new account; it may wait for a seat: look at its queue");
                return false;
            }
            Err(failure) => {
                self.bad(format!("the new account could not be read: {failure}"));
                return false;
            }
        };
        if !self.probe.is_named(whole.account.user_name.as_ref()) {
            return false;
        }
        if self.settings.policy.product == Product::Intranet && whole.account.activity == Activity::Inactive {
            self.odd("the new account is inactive, by the user directory's policy: whoever joins cannot log in before somebody activates the \
                 account in Haiilo",
            );
        }
        let not_kept = verify::not_kept(&self.settings.mapping, &whole.account, &self.probe.changes);
        writes.not_kept = not_kept.iter().map(|change| change.path.to_string()).collect();
        if writes.not_kept.is_empty() {
            self.good("the new account has every value that was sent");
        } else {
            let text = format!(
                "the new account does not have what was sent for {}: cycles will report such values as rejected; correct the mapping, or ask haiilo's \
                 support",
                writes.not_kept.join(", ")
            );
            self.odd(text);
        }
        true
    }
}
