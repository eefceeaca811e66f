//! What `check` learnt is kept in the store as the profile of the endpoint, for cycles to use. It writes nothing else, makes no store for
//! it, and does not wait for a cycle.

use crate::cli::adapters::StoreAdapters;
use crate::cli::check::findings::CheckFindings;
use crate::cli::check::haiilo::{LearntProfile, PageLimits};
use crate::cli::exit::CommandResult;
use crate::cli::wiring::Wiring;
use crate::clock::Clock as _;
use crate::domain::model::target::TargetProfile;
use crate::domain::state::journal::ProbeLeftover;
use crate::ports::{AccountReader as _, StoreReader as _};
use crate::store::{LockError, Store};

/// Keeps what was learnt, where there is a store.
pub(super) async fn keep(wiring: &Wiring, learnt: LearntProfile, findings: &mut CheckFindings) {
    match try_keep(wiring, learnt).await {
        Ok(true) => findings.fine("what was learnt of Haiilo is kept for cycles to use"),
        Ok(false) => {
            findings
                .fine("what was learnt of Haiilo is kept once there is a store: check again after the first `sync`");
        }
        Err(unfinished) => match unfinished.why.downcast_ref::<LockError>() {
            Some(LockError::Held { holder }) => findings.fine(format_args!(
                "{holder} is running, so that what was learnt of Haiilo is not kept this time: check again after it"
            )),
            _ => findings.warn(format_args!("what was learnt of Haiilo is not kept: {unfinished}")),
        },
    }
}

/// Accounts of earlier write probes that are still there.
pub(super) async fn left_behind(wiring: &Wiring, findings: &mut CheckFindings) {
    // A store that cannot be read was reported before.
    let left = wiring.read_store().probe_leftovers().await.unwrap_or_default();
    for ProbeLeftover { at, haiilo_id, user_name } in left {
        let date = at.format("%Y-%m-%d %H:%M UTC");
        if let Some(id) = &haiilo_id {
            if let Ok(Some(_)) = wiring.reader.get(id).await {
                findings.error(format_args!(
                    "the write probe of {date} left account {id} ({user_name}) behind: delete it in Haiilo by hand"
                ));
            }
            continue;
        }
        for found in wiring.reader.find(&user_name).await.unwrap_or_default() {
            let id = found.account.id;
            findings.error(format_args!(
                "the write probe of {date} did not learn the id of its account, and {id} carries its address, {user_name}: look at it in \
                 Haiilo, and delete it by hand if it is that one"
            ));
        }
    }
}

/// Keeps what was learnt. Whether there is a store for it.
async fn try_keep(wiring: &Wiring, learnt: LearntProfile) -> CommandResult<bool> {
    if !wiring.read_store().exists().await? {
        return Ok(false);
    }
    let adapters = StoreAdapters::open_at_once(wiring, "check").await?;
    let kept = renew(wiring, &adapters.store, learnt).await;
    adapters.close().await;
    kept.map(|()| true)
}

/// The profile with what was learnt now; what is not known this time stays as it was.
async fn renew(wiring: &Wiring, store: &Store, learnt: LearntProfile) -> CommandResult<()> {
    let profile = known(wiring, store).await?;
    let LearntProfile { pages, filter, total } = learnt;
    let profile = TargetProfile {
        page_cap: match pages {
            Some(PageLimits::AsAsked) => None,
            Some(PageLimits::AtMost(cap)) => Some(cap),
            None => profile.page_cap,
        },
        filter: filter.or(profile.filter),
        total: total.or(profile.total),
        ..profile
    };
    Ok(store.keep_target(&profile).await?)
}

/// What is known of this endpoint, as of now.
pub(super) async fn known(wiring: &Wiring, store: &Store) -> CommandResult<TargetProfile> {
    let base_url = wiring.cycle.tenant.base_url.clone();
    let learnt = wiring.clock.now();
    let known = store.target().await?.filter(|known| known.base_url == base_url);
    Ok(match known {
        Some(known) => TargetProfile { learnt, ..known },
        None => TargetProfile { base_url, learnt, page_cap: None, filter: None, total: None, writes: None },
    })
}
