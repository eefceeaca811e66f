//! Changes of the account of a probe: one value by PATCH, one by PUT, and the userName.

use crate::config::settings::UpdateMethod;
use crate::domain::model::account::WholeAccount;
use crate::domain::model::ids::HaiiloId;
use crate::domain::model::target::Ability;
use crate::domain::model::word::Word as _;
use crate::domain::plan::operation::{Change, ChangeKind};
use crate::domain::plan::outcome::Outcome;
use crate::domain::scim::path::entry;
use crate::domain::scim::value::{self, Compare};
use crate::domain::state::journal::ProbeStep;
use crate::engine::executor::verify;
use crate::engine::probe::context::ProbeRun;
use crate::ports::{AccountReader as _, AccountWriter, Adapters, FailureKind, Fallback, StoreWriter};

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> ProbeRun<'_, W, A> {
    /// Changes one text by one method.
    pub(super) async fn change(
        &mut self,
        id: &HaiiloId,
        method: UpdateMethod,
        not_kept: &[String],
        from: &str,
        to: &str,
    ) -> Ability {
        let Some(change) = self.probe.change(not_kept, from, to) else { return Ability::Untried };
        let (step, other) = match method {
            UpdateMethod::Patch => (ProbeStep::Patch, UpdateMethod::Put.as_str()),
            UpdateMethod::Put => (ProbeStep::Put, UpdateMethod::Patch.as_str()),
        };
        let word = word(method);
        let is_ours = self.settings.update_method == method;
        match self.send(id, step, method, &change).await {
            Ok(ability @ Ability::Works) => {
                self.good(format!("{word} changes one attribute and nothing else"));
                ability
            }
            Ok(ability) => ability,
            Err((ability, why)) if is_ours => {
                self.bad(format!("{why}: set haiilo.update_method = \"{other}\" if that works"));
                ability
            }
            Err((ability, why)) => {
                self.good(format!("{why}; haiilo.update_method = \"{other}\" does without it"));
                ability
            }
        }
    }

    /// Renames the account by the method that works.
    pub(super) async fn rename(&mut self, id: &HaiiloId, method: UpdateMethod) -> Ability {
        let change = self.probe.rename(&self.settings.mapping);
        match self.send(id, ProbeStep::Rename, method, &change).await {
            Ok(ability) => {
                if ability == Ability::Works {
                    self.good("a changed userName is a rename: the account keeps its id");
                }
                ability
            }
            Err((ability, why)) => {
                self.odd(format!("the userName cannot be changed ({why}): renames will be held; ask haiilo's support"));
                ability
            }
        }
    }

    /// Sends one change to the account, and reads what became of it. The caller reports what went wrong.
    pub(super) async fn send(
        &mut self,
        id: &HaiiloId,
        step: ProbeStep,
        method: UpdateMethod,
        change: &Change,
    ) -> Result<Ability, (Ability, String)> {
        let (word, changes) = (word(method), std::slice::from_ref(change));
        let Some((entry, before)) = self.begin(id, step, changes).await else { return Ok(Ability::Untried) };
        let came = self.methods.writer(method).update(id, changes, Fallback::Forbidden).await;
        let after = self.adapters.reader().get(id).await.ok().flatten();
        let kept = after.as_ref().is_some_and(|after| self.has(after, change));
        let besides = after.map(|after| after.changed_besides(&before, &change.touches())).unwrap_or_default();
        let path = &change.path;
        let end = match came {
            Ok(_) if kept && besides.is_empty() => Ok(Ability::Works),
            Ok(_) if kept => Err((
                Ability::Fails,
                format!("{word} of {path} also changes {}, which was not sent", besides.join(", ")),
            )),
            Ok(_) => Err((Ability::Fails, format!("{word} is answered like a success, and {path} is not kept"))),
            Err(failure) if failure.kind == FailureKind::Unknown => {
                Err((Ability::Untried, format!("the answer to {word} was lost: {failure}")))
            }
            Err(failure) if matches!(failure.kind, FailureKind::Refused(405 | 501)) => {
                Err((Ability::Unknown, format!("Haiilo does not know {word}")))
            }
            Err(failure) => Err((Ability::Fails, failure.to_string())),
        };
        let outcome = match &end {
            Ok(_) => Outcome::Done,
            Err((_, why)) => Outcome::Failed(why.clone()),
        };
        self.conclude(entry, &outcome, &[]).await;
        end
    }

    /// Whether an account has what was sent. No rule names a profile field in a place where it is merely tried.
    fn has(&self, whole: &WholeAccount, change: &Change) -> bool {
        let mapping = &self.settings.mapping;
        let is_mapped =
            change.kind == ChangeKind::Rename || mapping.rules().iter().any(|rule| rule.path == change.path);
        if is_mapped {
            return verify::not_kept(mapping, &whole.account, std::slice::from_ref(change)).is_empty();
        }
        let found = entry(&whole.resource, change.path.top()).and_then(|top| change.path.read(top));
        value::same(found.as_ref(), change.to.as_ref(), Compare::Exact)
    }
}

/// The method of HTTP.
fn word(method: UpdateMethod) -> &'static str {
    match method {
        UpdateMethod::Patch => "PATCH",
        UpdateMethod::Put => "PUT",
    }
}
