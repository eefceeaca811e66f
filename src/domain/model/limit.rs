//! Limits over a rolling day: their names, and what the configuration allows.

use std::collections::BTreeMap;

use serde::Serialize;

/// Which limit a plan breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum LimitName {
    /// The store is empty.
    FirstRun,
    /// The mapping changed.
    MappingChanged,
    /// No person is assigned.
    NobodyAssigned,
    /// Haiilo shows no account.
    HaiiloEmpty,
    /// `limits.leavers`.
    Leavers,
    /// `limits.missing`.
    Missing,
    /// `limits.creates`.
    Creates,
    /// `limits.updates`.
    Updates,
    /// `limits.renames`.
    Renames,
    /// `limits.clears`.
    Clears,
    /// `limits.moves`.
    Moves,
    /// `limits.deletes`: a budget that postpones deletes, and blocks nothing.
    Deletes,
    /// `limits.members`, of one group: it stops only the removals from this group.
    Members,
    /// `okta.push_is_on`.
    PushIsOn,
    /// A write changed an attribute that was not sent.
    Canary,
}

impl LimitName {
    /// The explanation, for a reader who sees it first in an alert at night.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::FirstRun => "nothing was ever done from this store, so that the whole plan wants a look",
            Self::MappingChanged => "the first plan after a change of the mapping changes many people",
            Self::NobodyAssigned => "Okta says that nobody is assigned to the application",
            Self::HaiiloEmpty => "Haiilo shows no accounts, although people are linked to some",
            Self::Leavers => "people who are no longer assigned, within 24 hours",
            Self::Missing => "linked accounts that Haiilo no longer shows, within 24 hours",
            Self::Creates => "accounts to create or adopt, within 24 hours",
            Self::Updates => "accounts to change, within 24 hours",
            Self::Renames => "accounts to rename, within 24 hours",
            Self::Clears => "accounts that lose a value, within 24 hours",
            Self::Moves => "people who move to another group, within 24 hours",
            Self::Deletes => "accounts to delete, within 24 hours",
            Self::Members => "members who would be taken out of one group, within 24 hours",
            Self::PushIsOn => {
                "Okta's own push to Haiilo is on and would be a second writer; switch it off in Okta, or set okta.push_is_on"
            }
            Self::Canary => "attributes that a write changed although nobody sent them",
        }
    }
}

/// One limit over a rolling day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// Percent of the larger of linked and assigned people.
    pub percent: Option<f64>,
    /// The limit is at least this number.
    pub floor: Option<u64>,
    /// The limit is at most this number.
    pub cap: Option<u64>,
}

impl Limit {
    /// What the limit allows for a base of `base` people.
    pub fn allowed(self, base: u64) -> u64 {
        let Self { percent, floor, cap } = self;
        let share = percent.map(|percent| share(base, percent));
        let lower = match (share, floor) {
            (None, None) => cap.unwrap_or(0),
            (share, floor) => share.unwrap_or(0).max(floor.unwrap_or(0)),
        };
        lower.min(cap.unwrap_or(u64::MAX))
    }
}

/// The share of people for a percentage, rounded down.
fn share(base: u64, percent: f64) -> u64 {
    // Millionths are finer than any percentage in a configuration, and integers do not depend on rounding modes.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100 million")]
    let millionths = (percent.clamp(0.0, 100.0) * 1_000_000.0).round() as u128;
    u64::try_from(u128::from(base) * millionths / 100_000_000).unwrap_or(u64::MAX)
}

/// `[limits]` of the configuration: the active limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits(BTreeMap<LimitName, Limit>);

impl Limits {
    /// The limits that the configuration may change, in the order of the configuration.
    pub const NAMES: [LimitName; 9] = [
        LimitName::Leavers,
        LimitName::Deletes,
        LimitName::Creates,
        LimitName::Updates,
        LimitName::Renames,
        LimitName::Clears,
        LimitName::Moves,
        LimitName::Missing,
        LimitName::Members,
    ];

    /// No limit at all.
    pub fn off() -> Self {
        Self(BTreeMap::new())
    }

    /// The limits for a configuration without `[limits]`.
    pub fn usual() -> Self {
        let limit = |percent: u32, floor, cap| Limit { percent: Some(percent.into()), floor: Some(floor), cap };
        let limits = [
            limit(3, 5, None),
            limit(1, 3, Some(200)),
            limit(10, 25, None),
            limit(20, 25, None),
            limit(1, 3, None),
            limit(2, 5, None),
            limit(5, 5, None),
            limit(1, 3, None),
            limit(20, 10, None),
        ];
        Self(Self::NAMES.into_iter().zip(limits).collect())
    }

    /// The limit with this name; `None` where it is off or cannot be configured.
    pub fn of(&self, name: LimitName) -> Option<Limit> {
        self.0.get(&name).copied()
    }

    /// Sets a limit; `None` switches it off.
    pub fn set(&mut self, name: LimitName, limit: Option<Limit>) {
        match limit {
            Some(limit) => self.0.insert(name, limit),
            None => self.0.remove(&name),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::Limit;

    #[track_caller]
    fn check(percent: Option<f64>, floor: Option<u64>, cap: Option<u64>, base: u64, allowed: u64) {
        assert_eq!(Limit { percent, floor, cap }.allowed(base), allowed);
    }

    #[test]
    fn percent_floor_and_cap_each_may_be_left_out() {
        check(Some(3.0), Some(5), None, 1_000, 30);
        check(Some(3.0), Some(5), None, 100, 5);
        check(Some(1.0), Some(3), Some(200), 100_000, 200);
        check(Some(1.0), None, None, 99, 0);
        check(Some(0.5), None, None, 1_000, 5);
        check(None, Some(7), None, 1_000_000, 7);
        check(None, None, Some(9), 1_000_000, 9);
        check(Some(0.0), None, None, 1_000_000, 0);
        check(None, Some(50), Some(20), 1_000, 20);
        check(Some(29.0), None, None, 100, 29);
    }
}
