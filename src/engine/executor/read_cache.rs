//! What was read a moment ago for the plan that is being applied: an account that was read for the plan is not read once more before its
//! write. Each reading is good for one use and for a short time.

use std::collections::BTreeMap;
use std::time::Duration;

use compact_str::CompactString;
use parking_lot::Mutex;

use crate::domain::model::account::WholeAccount;
use crate::domain::model::ids::{HaiiloId, UserName};

/// How long a reading is good for.
const FRESH: Duration = Duration::from_mins(1);

/// What was read a moment ago.
#[derive(Debug, Default)]
pub(crate) struct ReadCache {
    state: Mutex<CachedReads>,
}

#[derive(Debug, Default)]
struct CachedReads {
    accounts: BTreeMap<HaiiloId, (Duration, WholeAccount)>,
    names: BTreeMap<CompactString, (Duration, Vec<WholeAccount>)>,
}

impl ReadCache {
    /// Keeps an account that was read at this monotonic time.
    pub(crate) fn keep_account(&self, whole: WholeAccount, at: Duration) {
        self.state.lock().accounts.insert(whole.account.id.clone(), (at, whole));
    }

    /// Keeps who carries a userName.
    pub(crate) fn keep_name(&self, name: &UserName, found: Vec<WholeAccount>, at: Duration) {
        self.state.lock().names.insert(name.key(), (at, found));
    }

    /// An account, if it was read just now.
    pub(crate) fn take_account(&self, id: &HaiiloId, now: Duration) -> Option<WholeAccount> {
        self.state.lock().accounts.remove(id).and_then(|reading| fresh(reading, now))
    }

    /// Who carries a userName, if that was asked just now.
    pub(crate) fn take_name(&self, name: &UserName, now: Duration) -> Option<Vec<WholeAccount>> {
        self.state.lock().names.remove(&name.key()).and_then(|reading| fresh(reading, now))
    }
}

fn fresh<T>((at, reading): (Duration, T), now: Duration) -> Option<T> {
    (now.saturating_sub(at) < FRESH).then_some(reading)
}
