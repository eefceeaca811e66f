//! Verifying: what of a write Haiilo kept, and what it did not keep.

use compact_str::CompactString;

use crate::domain::mapping::Mapping;
use crate::domain::model::account::{Account, WholeAccount};
use crate::domain::model::ids::HaiiloId;
use crate::domain::plan::cycle_plan::remembered_value;
use crate::domain::plan::operation::{Change, Operation};
use crate::domain::plan::outcome::Effect;
use crate::domain::scim::value::{self, Value};
use crate::engine::executor::canary::Caution;
use crate::engine::executor::context::Executor;
use crate::ports::{AccountReader as _, AccountWriter, Adapters, Failure, StoreWriter};

/// The changes whose values an account does not have.
pub(crate) fn not_kept<'c>(mapping: &Mapping, account: &Account, changes: &'c [Change]) -> Vec<&'c Change> {
    changes.iter().filter(|change| !has(mapping, account, change)).collect()
}

/// Whether an account has what a change asks for.
fn has(mapping: &Mapping, account: &Account, change: &Change) -> bool {
    if let Some((slot, rule)) = mapping.rules().iter().enumerate().find(|(_, rule)| rule.path == change.path) {
        return value::same(account.values[slot].as_ref(), change.to.as_ref(), rule.compare);
    }
    let name = account.user_name.as_ref().and_then(|name| Value::text(name.as_str()));
    value::same(name.as_ref(), change.to.as_ref(), mapping.user_name().compare)
}

impl<W: Adapters<Store: StoreWriter>, A: AccountWriter> Executor<'_, W, A> {
    /// The account after a write. An answer that shows everything as it was sent is believed, unless answers were found to be wrong. Any
    /// other answer, and the first of its kind, is checked by reading the account.
    pub(crate) async fn read_after(
        &self,
        operation: &Operation,
        id: &HaiiloId,
        answer: Option<WholeAccount>,
        caution: Caution,
    ) -> Result<Option<WholeAccount>, Failure> {
        let has_all = |whole: &WholeAccount| not_kept(self.mapping(), &whole.account, operation.changes()).is_empty();
        let claim = answer.filter(has_all);
        if claim.is_some() && caution == Caution::Routine && !self.run.answers_lie() {
            return Ok(claim);
        }
        let found = self.adapters.reader().get(id).await;
        if claim.is_some() && matches!(&found, Ok(Some(whole)) if !has_all(whole)) {
            self.run.distrust_answers();
        }
        found
    }
}

/// A value that Haiilo did not keep is not sent again.
pub(crate) fn rejected(operation: &Operation, change: &Change, reason: String) -> Effect {
    Effect::ValueRejected {
        okta_id: operation.okta_id.clone(),
        path: path_of(change),
        value: remembered_value(change.to.as_ref()),
        reason,
    }
}

pub(crate) fn path_of(change: &Change) -> CompactString {
    change.path.to_string().into()
}
