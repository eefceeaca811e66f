//! The truth about everybody, read from the simulators' own state, never from an answer.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use okta_haiilo_sim::haiilo::Account;
use okta_haiilo_sync::clock::Clock as _;

use crate::campaign::actions::Life;

/// How somebody stands in Okta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Assigned,
    Deactivated,
    Unassigned,
    /// A status that nobody knows, or no such user any more: nothing may be concluded.
    Unclear,
}

/// The world at one moment.
#[derive(Clone, Debug)]
pub(super) struct Truth {
    pub(super) at: DateTime<Utc>,
    /// By Okta id.
    pub(super) standing: BTreeMap<String, Standing>,
    /// The userName that each assigned person shall have, in small letters, by Okta id.
    pub(super) wanted: BTreeMap<String, String>,
    /// By Haiilo id.
    pub(super) accounts: BTreeMap<String, Account>,
    /// By Haiilo id, the Okta id: what the store says.
    pub(super) links: BTreeMap<String, String>,
    /// How many writes reached Haiilo.
    pub(super) writes: usize,
    /// How many accounts requests destroyed.
    pub(super) destroyed: usize,
}

impl Truth {
    pub(super) async fn of(life: &Life) -> Self {
        let state = life.world.state().await;
        let okta = life.world.okta.state();
        let haiilo = life.world.haiilo.state();
        let ids: BTreeSet<&String> = life.ids.values().collect();
        let standing = |id: &str| match okta.status(id) {
            None | Some("FROZEN") => Standing::Unclear,
            Some("DEPROVISIONED") => Standing::Deactivated,
            Some(_) if okta.is_assigned(id) => Standing::Assigned,
            Some(_) => Standing::Unassigned,
        };
        let wanted = ids.iter().filter_map(|id| Some(((*id).clone(), okta.user_name(id)?.to_lowercase())));
        Self {
            at: life.world.clock.now(),
            standing: ids.iter().map(|id| ((*id).clone(), standing(id))).collect(),
            wanted: wanted.collect(),
            accounts: haiilo.accounts().into_iter().map(|account| (account.id.clone(), account)).collect(),
            links: state.links.iter().map(|link| (link.haiilo_id.to_string(), link.okta_id.to_string())).collect(),
            writes: haiilo.writes().len(),
            destroyed: haiilo.deleted().len(),
        }
    }

    /// Who shall have this userName.
    pub(super) fn who_wants(&self, name: &str) -> Option<&String> {
        let name = name.to_lowercase();
        self.wanted.iter().find(|(_, wanted)| **wanted == name).map(|(id, _)| id)
    }
}
