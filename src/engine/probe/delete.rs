//! The end of the account of a probe, whatever was found on the way.

use serde_json::Value as Json;

use crate::domain::model::account::{Activity, WholeAccount};
use crate::domain::model::ids::HaiiloId;
use crate::domain::model::policy::Product;
use crate::domain::plan::outcome::Outcome;
use crate::domain::state::journal::ProbeStep;
use crate::engine::probe::context::ProbeRun;
use crate::ports::{AccountReader as _, AccountWriter, Adapters, FailureKind, StoreWriter};

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> ProbeRun<'_, W, A> {
    /// What an account that is shown after its delete means: the intranet may keep it for a person who comes back, by its id only.
    async fn remains(&self, whole: &WholeAccount) -> Result<&'static str, String> {
        if self.settings.policy.product == Product::Advocacy || whole.account.activity == Activity::Active {
            return Err("Haiilo answers that it deleted the account, and still shows it".to_owned());
        }
        match self.is_found(&whole.account.id).await {
            Ok(false) => Ok("Haiilo still answers for its id: whoever comes back is given the account again"),
            Ok(true) => Err("by the user directory's policy DELETE leaves the account there, inactive".to_owned()),
            Err(failure) => Err(failure.to_string()),
        }
    }

    /// Deletes the account, and checks whether it is gone.
    pub(super) async fn delete(&mut self, id: &HaiiloId) {
        let mut last = String::new();
        for _ in 0..2 {
            let before = match self.adapters.reader().get(id).await {
                Ok(Some(whole)) if self.probe.is_named(whole.account.user_name.as_ref()) => {
                    Some(Json::Object(whole.resource))
                }
                Ok(Some(_)) => {
                    let text = format!(
                        "account {id} carries another userName than was sent, so that it is not certain whose it is, and it is left \
                         alone: look for it and for {} in Haiilo, and delete by hand what the probe made",
                        self.probe.name
                    );
                    return self.bad(text);
                }
                // It may be there and wait for a seat.
                Ok(None) => None,
                Err(failure) => {
                    last = failure.to_string();
                    continue;
                }
            };
            let Some(entry) = self.intend(ProbeStep::Delete, Some(id), &[], before).await else { break };
            let came = self.methods.patch.delete(id).await;
            let there = self.adapters.reader().get(id).await;
            let gone = match (&came, &there) {
                (Ok(()), Ok(None)) => Ok("Haiilo answers that it is not there"),
                (Err(failure), Ok(None)) if matches!(failure.kind, FailureKind::NotFound | FailureKind::Unknown) => {
                    Ok("Haiilo answers that it is not there")
                }
                (Ok(()), Ok(Some(whole))) => self.remains(whole).await,
                (Err(failure), _) | (Ok(()), Err(failure)) => Err(failure.to_string()),
            };
            let outcome = gone.clone().map_or_else(Outcome::Failed, |_| Outcome::Done);
            self.conclude(entry, &outcome, &[]).await;
            match gone {
                Ok(how) => return self.good(format!("account {id} is deleted, and {how}")),
                Err(why) => last = why,
            }
        }
        let text = format!("account {id} is left behind, and must be deleted in Haiilo by hand: {last}");
        self.bad(text);
    }
}
