//! A probe that is under way: what it works with, what was found, and how each step is written down before it is sent.

use serde_json::Value as Json;

use crate::clock::Clock as _;
use crate::config::settings::UpdateMethod;
use crate::domain::model::account::WholeAccount;
use crate::domain::model::ids::HaiiloId;
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
    pub verdict: ProbeVerdict,
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
    /// Something must be fixed, or done by hand.
    Bad,
}

/// A writer for each method of changing an account.
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
    pub(super) methods: MethodWriters<'a, A>,
    pub(super) settings: &'a CycleSettings,
    pub(super) prepared: &'a Prepared,
    pub(super) probe: &'a WriteProbe,
    pub(super) run_context: &'a RunContext,
    pub(super) found: Vec<ProbeFinding>,
}

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> ProbeRun<'_, W, A> {
    pub(super) fn say(&mut self, verdict: ProbeVerdict, text: impl Into<String>) {
        self.found.push(ProbeFinding { verdict, text: text.into() });
    }

    pub(super) fn good(&mut self, text: impl Into<String>) {
        self.say(ProbeVerdict::Good, text);
    }

    pub(super) fn odd(&mut self, text: impl Into<String>) {
        self.say(ProbeVerdict::Odd, text);
    }

    pub(super) fn bad(&mut self, text: impl Into<String>) {
        self.say(ProbeVerdict::Bad, text);
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
