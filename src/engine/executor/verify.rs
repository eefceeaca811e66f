//! Verifying: what of a write Haiilo kept.

use crate::domain::mapping::Mapping;
use crate::domain::model::account::{Account, WholeAccount};
use crate::domain::model::ids::HaiiloId;
use crate::domain::plan::operation::Change;
use crate::domain::scim::value::{self, Value};
use crate::engine::executor::run_state::{AnswerTrust, RunState};
use crate::ports::AccountReader;

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

/// What came of a write: the account as far as it could be seen afterwards.
pub(crate) enum AccountAfter {
    /// The account.
    Account(Box<WholeAccount>),
    /// The server says that there is no such account.
    Unlisted,
    /// It could not be read; the next cycle sees what it has.
    Unread,
}

/// Looks at an account after a write. An answer that shows everything as it was sent is believed, unless answers were found to lie; any
/// other answer, and the first of its kind, is checked by reading the account.
pub(crate) async fn look(
    reader: &impl AccountReader,
    run: &RunState,
    mapping: &Mapping,
    (id, changes): (&HaiiloId, &[Change]),
    answer: Option<WholeAccount>,
    trust: Trust,
) -> AccountAfter {
    let claims = answer.as_ref().map(|answer| not_kept(mapping, &answer.account, changes).is_empty());
    if let (Some(answer), Some(true), Trust::Answer, AnswerTrust::Truthful) = (answer, claims, trust, run.answers()) {
        return AccountAfter::Account(Box::new(answer));
    }
    match reader.get(id).await {
        Ok(Some(account)) => {
            if claims == Some(true) && !not_kept(mapping, &account.account, changes).is_empty() {
                run.answers_lie();
            }
            AccountAfter::Account(Box::new(account))
        }
        Ok(None) => AccountAfter::Unlisted,
        Err(_) => AccountAfter::Unread,
    }
}

/// Whether the answer to a write may be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// It may.
    Answer,
    /// The account is read back in any case.
    ReadBack,
}
