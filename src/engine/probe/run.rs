//! The run of a probe: its steps one after the other, what was found, and how each step is written down before it is sent.

use serde_json::Value as Json;

use crate::clock::Clock as _;
use crate::config::settings::UpdateMethod;
use crate::domain::model::account::WholeAccount;
use crate::domain::model::ids::HaiiloId;
use crate::domain::model::policy::Product;
use crate::domain::model::target::{Ability, WriteSupport};
use crate::domain::plan::operation::Change;
use crate::domain::plan::outcome::{Effect, Outcome};
use crate::domain::planning::write_probe::WriteProbe;
use crate::domain::state::journal::{EntryId, Intent, IntentStep, ProbeStep, RunContext};
use crate::engine::prepared::Prepared;
use crate::engine::settings::CycleSettings;
use crate::ports::{AccountReader as _, AccountWriter, Adapters, StoreWriter};

/// What was found at one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeFinding {
    /// Whether it is as it should be.
    pub limit_check: ProbeVerdict,
    /// What, and what to do.
    pub text: String,
}

/// Whether a step went as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeVerdict {
    /// It did, or it does not matter under this configuration.
    Good,
    /// Cycles will go on, with something less.
    Odd,
    /// Something must be mended, or done by hand.
    Bad,
}

/// What a probe came to.
#[derive(Clone, Debug)]
pub struct ProbeReport {
    /// Step by step.
    pub found: Vec<ProbeFinding>,
    /// What was learnt; nothing where no account was made.
    pub writes: Option<WriteSupport>,
}

/// Does what was planned. The caller holds the lock of the cycle.
pub async fn probe_writes<W: Adapters<Store: StoreWriter>, A: AccountWriter>(
    adapters: &W,
    manners: MethodWriters<'_, A>,
    settings: &CycleSettings,
    prepared: &Prepared,
    (probe, run_context): (&WriteProbe, &RunContext),
) -> ProbeReport {
    let run = ProbeRun { adapters, manners, settings, prepared, probe, run_context, found: Vec::new(), writes: None };
    run.run().await
}

/// A writer for each manner of changing an account.
#[derive(Clone, Copy, Debug)]
pub struct MethodWriters<'a, A> {
    /// By PATCH.
    pub patch: &'a A,
    /// By PUT.
    pub put: &'a A,
}

impl<'a, A> MethodWriters<'a, A> {
    /// The writer that changes accounts by this method.
    pub(super) fn writer(&self, method: UpdateMethod) -> &'a A {
        match method {
            UpdateMethod::Patch => self.patch,
            UpdateMethod::Put => self.put,
        }
    }
}

/// A probe that is under way.
pub(super) struct ProbeRun<'a, W, A> {
    pub(super) adapters: &'a W,
    pub(super) manners: MethodWriters<'a, A>,
    pub(super) settings: &'a CycleSettings,
    pub(super) prepared: &'a Prepared,
    pub(super) probe: &'a WriteProbe,
    run_context: &'a RunContext,
    found: Vec<ProbeFinding>,
    writes: Option<WriteSupport>,
}

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> ProbeRun<'_, W, A> {
    async fn run(mut self) -> ProbeReport {
        if let Some(id) = self.create().await {
            let mut writes = WriteSupport {
                learnt: self.adapters.clock().now(),
                patch: Ability::Untried,
                put: Ability::Untried,
                rename: Ability::Untried,
                not_kept: Vec::new(),
                profile_fields: None,
                deactivation: None,
            };
            if self.read_back(&id, &mut writes).await {
                let text = WriteProbe::first_text();
                writes.patch = self.change(&id, UpdateMethod::Patch, &writes.not_kept, (text, "Probe by PATCH")).await;
                let text = if writes.patch == Ability::Works { "Probe by PATCH" } else { text };
                writes.put = self.change(&id, UpdateMethod::Put, &writes.not_kept, (text, "Probe by PUT")).await;
                let method = self.that_works(&writes);
                writes.rename = self.rename(&id, method).await;
                if self.settings.policy.product == Product::Intranet {
                    writes.profile_fields = self.profile_fields(&id, method).await;
                    writes.deactivation = self.deactivation(&id, method).await;
                }
            }
            self.delete(&id).await;
            self.writes = Some(writes);
        }
        ProbeReport { found: self.found, writes: self.writes }
    }

    pub(super) fn say(&mut self, limit_check: ProbeVerdict, text: impl Into<String>) {
        self.found.push(ProbeFinding { limit_check, text: text.into() });
    }

    /// The method of changing an account that works; the configured one where both do.
    fn that_works(&self, writes: &WriteSupport) -> UpdateMethod {
        let by_put = match (writes.patch, writes.put) {
            (Ability::Works, Ability::Works) => self.settings.update_method == UpdateMethod::Put,
            (patch, _) => patch != Ability::Works,
        };
        if by_put { UpdateMethod::Put } else { UpdateMethod::Patch }
    }

    /// The account, if it is the one that was made.
    async fn ours(&mut self, id: &HaiiloId) -> Option<WholeAccount> {
        let whole = self.adapters.reader().get(id).await.ok().flatten();
        whole.filter(|whole| self.probe.is_named(whole.account.user_name.as_ref()))
    }

    /// Writes down a step that changes the account, and gives the account as it was; nothing where it is not the one that was made.
    pub(super) async fn begin(
        &mut self,
        id: &HaiiloId,
        step: ProbeStep,
        changes: &[Change],
    ) -> Option<(EntryId, WholeAccount)> {
        let before = self.ours(id).await?;
        let image = Json::Object(before.resource.clone());
        Some((self.intend(step, Some(id), changes, Some(image)).await?, before))
    }

    /// Writes a step down. Without that, nothing is sent.
    pub(super) async fn intend(
        &mut self,
        step: ProbeStep,
        haiilo_id: Option<&HaiiloId>,
        changes: &[Change],
        before: Option<Json>,
    ) -> Option<EntryId> {
        let (run_context, at) = (self.run_context, self.adapters.clock().now());
        let step = IntentStep::Probe { step, haiilo_id, user_name: &self.probe.name, changes };
        let intent = Intent { run_context, at, step, before };
        match self.adapters.store().intend(&intent).await {
            Ok(entry) => Some(entry),
            Err(failure) => {
                self.say(ProbeVerdict::Bad, format!("nothing is sent that cannot be written down: {failure}"));
                None
            }
        }
    }

    pub(super) async fn conclude(&mut self, entry: EntryId, outcome: &Outcome, effects: &[Effect]) {
        if let Err(failure) = self.adapters.store().conclude(entry, outcome, effects, self.adapters.clock().now()).await
        {
            self.say(ProbeVerdict::Bad, format!("what came of a step could not be written down: {failure}"));
        }
    }
}
