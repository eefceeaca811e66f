//! What was read a moment ago for the plan that is being applied: an account that was looked at for the plan is not asked for once more
//! before its write. Each reading is good for one use and for a short time.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use compact_str::CompactString;

use crate::domain::model::account::WholeAccount;
use crate::domain::model::ids::{HaiiloId, UserName};

/// How long a reading is good for.
const FRESH: Duration = Duration::from_mins(1);

/// What was read a moment ago.
#[derive(Debug, Default)]
pub(super) struct Reads {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    accounts: BTreeMap<HaiiloId, (Duration, WholeAccount)>,
    names: BTreeMap<CompactString, (Duration, Vec<WholeAccount>)>,
}

impl Reads {
    /// Keeps an account that was read at this monotonic time.
    pub(super) fn keep_account(&self, whole: WholeAccount, at: Duration) {
        self.state().accounts.insert(whole.account.id.clone(), (at, whole));
    }

    /// Keeps who carries a userName.
    pub(super) fn keep_name(&self, name: &UserName, found: Vec<WholeAccount>, at: Duration) {
        self.state().names.insert(name.key(), (at, found));
    }

    /// An account, if it was read just now.
    pub(super) fn take_account(&self, id: &HaiiloId, now: Duration) -> Option<WholeAccount> {
        self.state().accounts.remove(id).and_then(|reading| fresh(reading, now))
    }

    /// Who carries a userName, if that was asked just now.
    pub(super) fn take_name(&self, name: &UserName, now: Duration) -> Option<Vec<WholeAccount>> {
        self.state().names.remove(&name.key()).and_then(|reading| fresh(reading, now))
    }

    /// A holder that panicked left plain data behind, which is still true.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fresh<T>((at, reading): (Duration, T), now: Duration) -> Option<T> {
    (now.saturating_sub(at) < FRESH).then_some(reading)
}
