//! Links between groups: which group of Haiilo belongs to which group of Okta, and what is remembered of them.

use compact_str::CompactString;

use crate::domain::model::ids::{HaiiloGroupId, OktaGroupId};
use crate::domain::model::link::Origin;

/// One group that is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupLink {
    /// The group of Okta.
    pub okta_id: OktaGroupId,
    /// The group of Haiilo.
    pub haiilo_id: HaiiloGroupId,
    /// The name that the group of Haiilo had when it was last seen or set.
    pub name: CompactString,
    /// Whether we made it.
    pub origin: Origin,
    /// The description that we set last. A server may drop it, so that the same one is not sent again.
    pub described: Option<CompactString>,
}
