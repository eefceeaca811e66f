//! The steps of a probe, one after the other.

use crate::clock::Clock as _;
use crate::config::settings::UpdateMethod;
use crate::domain::model::ids::HaiiloId;
use crate::domain::model::policy::Product;
use crate::domain::model::target::{Ability, WriteSupport};
use crate::domain::planning::write_probe::WriteProbe;
use crate::domain::state::journal::RunContext;
use crate::engine::prepared::Prepared;
use crate::engine::probe::context::{MethodWriters, ProbeFinding, ProbeRun};
use crate::engine::settings::CycleSettings;
use crate::ports::{AccountWriter, Adapters, StoreWriter};

/// The result of a probe.
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
    methods: MethodWriters<'_, A>,
    settings: &CycleSettings,
    prepared: &Prepared,
    probe: &WriteProbe,
    run_context: &RunContext,
) -> ProbeReport {
    let mut run = ProbeRun { adapters, methods, settings, prepared, probe, run_context, found: Vec::new() };
    let mut writes = None;
    if let Some(id) = run.create().await {
        writes = Some(run.changes(&id).await);
        run.delete(&id).await;
    }
    ProbeReport { found: run.found, writes }
}

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> ProbeRun<'_, W, A> {
    /// Changes the account in each way.
    async fn changes(&mut self, id: &HaiiloId) -> WriteSupport {
        let mut writes = WriteSupport {
            learnt: self.adapters.clock().now(),
            patch: Ability::Untried,
            put: Ability::Untried,
            rename: Ability::Untried,
            not_kept: Vec::new(),
            profile_fields: None,
            deactivation: None,
        };
        if !self.read_back(id, &mut writes).await {
            return writes;
        }
        let (first, patched) = (WriteProbe::first_text(), "Probe by PATCH");
        writes.patch = self.change(id, UpdateMethod::Patch, &writes.not_kept, first, patched).await;
        let text = if writes.patch == Ability::Works { patched } else { first };
        writes.put = self.change(id, UpdateMethod::Put, &writes.not_kept, text, "Probe by PUT").await;
        let method = self.that_works(&writes);
        writes.rename = self.rename(id, method).await;
        if self.settings.policy.product == Product::Intranet {
            writes.profile_fields = self.profile_fields(id, method).await;
            writes.deactivation = self.deactivation(id, method).await;
        }
        writes
    }

    /// The method of changing an account that works; the configured one where both do.
    fn that_works(&self, writes: &WriteSupport) -> UpdateMethod {
        let by_put = match (writes.patch, writes.put) {
            (Ability::Works, Ability::Works) => self.settings.update_method == UpdateMethod::Put,
            (patch, _) => patch != Ability::Works,
        };
        if by_put { UpdateMethod::Put } else { UpdateMethod::Patch }
    }
}
