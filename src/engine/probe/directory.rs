//! What only an intranet has, and what its documents leave open: where SCIM keeps profile fields, and what the user directory does with an
//! account that is deactivated.

use std::sync::Arc;

use compact_str::CompactString;

use crate::config::settings::UpdateMethod;
use crate::domain::model::account::{Activity, WholeAccount};
use crate::domain::model::ids::HaiiloId;
use crate::domain::model::policy::Deprovision;
use crate::domain::model::target::Ability;
use crate::domain::plan::outcome::{Effect, Outcome};
use crate::domain::planning::write_probe::{WriteProbe, place};
use crate::domain::scim::path::AttributePath;
use crate::domain::state::journal::{EntryId, ProbeStep};
use crate::engine::probe::context::{ProbeRun, ProbeVerdict};
use crate::ports::{AccountReader as _, AccountWriter, Adapters, Failure, FailureKind, StoreWriter};

/// The result of a change of `active`.
struct ActivityChange {
    entry: EntryId,
    came: Result<(), Failure>,
    /// The account as it was read afterwards.
    there: Result<Option<WholeAccount>, Failure>,
}

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> ProbeRun<'_, W, A> {
    /// Where profile fields are kept: where the mapping has them, or else elsewhere. A field may refuse a text, so several are tried.
    pub(super) async fn profile_fields(&mut self, id: &HaiiloId, method: UpdateMethod) -> Option<CompactString> {
        let fields = self.probe.fields.clone();
        let mapped = fields.first()?.clone();
        let mut refused = String::new();
        for field in fields {
            match self.try_field(id, method, &field).await? {
                Ok(()) => {
                    let place = place(&field);
                    self.good(format!("{} is kept where haiilo.profile_fields has it, \"{place}\"", field.last()));
                    return Some(place);
                }
                Err(why) => refused = why,
            }
        }
        for elsewhere in self.probe.elsewhere() {
            if let Ok(()) = self.try_field(id, method, &elsewhere).await? {
                let (configured, place) = (place(&mapped), place(&elsewhere));
                self.bad(format!(
                        "profile fields are not kept where haiilo.profile_fields has them, \"{configured}\" ({refused}), and {} is kept \
                         elsewhere: set haiilo.profile_fields = \"{place}\"",
                        elsewhere.last()
                    ),
                );
                return Some(place);
            }
        }
        self.odd(format!(
                "no profile field was kept ({refused}), neither where haiilo.profile_fields has them nor where else Haiilo shows a place for \
                 them: look whether Haiilo has these fields under these names, and ask haiilo's support where SCIM has them"
            ),
        );
        None
    }

    /// Whether a profile field is kept in one place; nothing where that could not be found out, which is reported.
    async fn try_field(
        &mut self,
        id: &HaiiloId,
        method: UpdateMethod,
        field: &Arc<AttributePath>,
    ) -> Option<Result<(), String>> {
        match self.send(id, ProbeStep::ProfileField, method, &WriteProbe::fill(field)).await {
            Ok(Ability::Works) => Some(Ok(())),
            Ok(_) => None,
            Err((Ability::Untried, why)) => {
                self.odd(format!("where profile fields are kept was not found out: {why}; probe once more"));
                None
            }
            Err((_, why)) => Some(Err(why)),
        }
    }

    /// What a deactivation does, and whether the account can be activated afterwards.
    pub(super) async fn deactivation(&mut self, id: &HaiiloId, method: UpdateMethod) -> Option<Deprovision> {
        // Where look-ups show nobody, only the id shows it.
        let was_found = self.is_found(id).await.unwrap_or(false);
        let ActivityChange { entry, came, there } = self.switch(id, method, Activity::Inactive).await?;
        let done = match (&came, &there) {
            (Err(failure), _) if !matches!(failure.kind, FailureKind::Unknown | FailureKind::NotFound) => {
                Err(failure.to_string())
            }
            (_, Err(failure)) => Err(failure.to_string()),
            (_, Ok(Some(whole))) if whole.account.activity == Activity::Active => {
                Err("Haiilo still shows it as active".to_owned())
            }
            (_, Ok(Some(_))) if !was_found => Ok(Deprovision::Deactivate),
            // What no look-up shows any more is deleted, though its id may be answered for.
            (_, Ok(Some(_))) => self
                .is_found(id)
                .await
                .map_err(|failure| failure.to_string())
                .map(|is_found| if is_found { Deprovision::Deactivate } else { Deprovision::Delete }),
            (_, Ok(None)) => Ok(Deprovision::Delete),
        };
        let (outcome, effects) = match &done {
            Ok(found) => (Outcome::Done, self.known_by_now(id, *found)),
            Err(why) => (Outcome::Failed(why.clone()), Vec::new()),
        };
        self.conclude(entry, &outcome, &effects).await;
        match done {
            Ok(found) => {
                self.say_policy(found);
                if let Ok(Some(_)) = there {
                    self.activation(id, method).await;
                }
                Some(found)
            }
            Err(why) => {
                self.odd(format!(
                        "what a deactivation does was not found out ({why}): probe once more; if it stays so, leavers for whom [leavers] \
                         says \"deactivate\" keep their accounts: ask haiilo's support"
                    ),
                );
                None
            }
        }
    }

    /// What the store must know: no cycle sends a deactivation which deletes where the configuration says that it does not.
    fn known_by_now(&self, id: &HaiiloId, found: Deprovision) -> Vec<Effect> {
        match (found, self.settings.policy.deprovision) {
            (Deprovision::Deactivate, _) => vec![Effect::DeactivationKept],
            (Deprovision::Delete, Deprovision::Deactivate) => vec![Effect::DeactivationDeleted(id.clone())],
            (Deprovision::Delete, Deprovision::Delete) => Vec::new(),
        }
    }

    fn say_policy(&mut self, found: Deprovision) {
        let (verdict, text) = match (found, self.settings.policy.deprovision) {
            (Deprovision::Deactivate, Deprovision::Deactivate) => {
                (ProbeVerdict::Good, "a deactivated account stays, as haiilo.deprovision_policy says")
            }
            (Deprovision::Delete, Deprovision::Delete) => {
                (ProbeVerdict::Good, "a deactivated account is deleted, as haiilo.deprovision_policy says")
            }
            (Deprovision::Deactivate, Deprovision::Delete) => (
                ProbeVerdict::Odd,
                "a deactivated account stays, and every deactivation counts as a delete here: set haiilo.deprovision_policy = \"deactivate\"",
            ),
            (Deprovision::Delete, Deprovision::Deactivate) => (
                ProbeVerdict::Bad,
                "a deactivated account is deleted, and haiilo.deprovision_policy says that it stays: set it to \"delete\", or change the \
                 policy of the user directory in Haiilo; until then nobody is deactivated",
            ),
        };
        self.say(verdict, text);
    }

    /// Activates the account that was deactivated.
    async fn activation(&mut self, id: &HaiiloId, method: UpdateMethod) {
        let switched = self.switch(id, method, Activity::Active).await;
        let Some(ActivityChange { entry, came, there }) = switched else { return };
        let (verdict, outcome, text) = match (came, there) {
            (_, Ok(Some(whole))) if whole.account.activity == Activity::Active => {
                (ProbeVerdict::Good, Outcome::Done, "the account can be activated again".to_owned())
            }
            (Ok(()), Ok(Some(_))) => (
                ProbeVerdict::Odd,
                Outcome::DoneExcept(vec!["active".into()]),
                "the account stays inactive when it is activated, by the directory's policy: whoever comes back cannot log in before \
                 somebody activates the account in Haiilo"
                    .to_owned(),
            ),
            (Ok(()), Ok(None)) => {
                let why = "Haiilo answers that it is not there any more";
                (ProbeVerdict::Odd, Outcome::Failed(why.to_owned()), format!("the account could not be activated again: {why}"))
            }
            (Err(failure), _) | (Ok(()), Err(failure)) => (
                ProbeVerdict::Odd,
                Outcome::Failed(failure.to_string()),
                format!("whether the account can be activated again is not known: {failure}"),
            ),
        };
        self.conclude(entry, &outcome, &[]).await;
        self.say(verdict, text);
    }

    /// Makes the account active or inactive, and reads it.
    async fn switch(&mut self, id: &HaiiloId, method: UpdateMethod, activity: Activity) -> Option<ActivityChange> {
        let step = match activity {
            Activity::Active => ProbeStep::Activate,
            Activity::Inactive => ProbeStep::Deactivate,
        };
        let (entry, _) = self.begin(id, step, &[]).await?;
        let came = self.methods.writer(method).set_activity(id, activity).await;
        let there = self.adapters.reader().get(id).await;
        Some(ActivityChange { entry, came, there })
    }

    /// Whether a look-up by name shows the account.
    pub(super) async fn is_found(&self, id: &HaiiloId) -> Result<bool, Failure> {
        for name in [&self.probe.name, &self.probe.renamed] {
            let found = self.adapters.reader().find(name).await?;
            if found.iter().any(|whole| whole.account.id == *id) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
