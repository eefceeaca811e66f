//! The settings that decide about a plan, as the HTML report names them: by key and in the words of the configuration.

use chrono::TimeDelta;

use crate::config::settings::PushRule;
use crate::domain::model::assignment::{StagedRule, StatusRules, SuspendedRule};
use crate::domain::model::policy::{
    AdoptedRule, GroupDeletes, GroupRules, LeaverRules, Limit, Limits, MissingRule, Policy, Product,
};
use crate::domain::state::sync_state::Tenant;
use crate::engine::CycleSettings;

/// Keys and values. No secret is among them.
pub(super) fn settings_used(settings: &CycleSettings) -> Vec<(String, String)> {
    let CycleSettings {
        tenant: Tenant { org_id: _, org_url, app_id, product, base_url },
        mapping,
        policy,
        push_is_on,
        page_size,
        concurrency,
        groups,
        journal_keep,
        update_method,
    } = settings;
    let Policy { product: served, deprovision, statuses, missing, leavers, protected, token_owner, limits } = policy;
    let StatusRules { suspended, staged } = statuses;
    let LeaverRules { deactivated, unassigned, adopted, grace } = leavers;
    let word = |text: &str| text.to_owned();
    let mut used = vec![
        ("okta.org_url", org_url.clone()),
        ("okta.app_id", app_id.clone()),
        (
            "okta.suspended",
            word(match suspended {
                SuspendedRule::Keep => "keep",
                SuspendedRule::Leaver => "leaver",
            }),
        ),
        (
            "okta.staged",
            word(match staged {
                StagedRule::Skip => "skip",
                StagedRule::Provision => "provision",
            }),
        ),
        (
            "okta.push_is_on",
            word(match push_is_on {
                PushRule::Refuse => "refuse",
                PushRule::Accept => "accept",
            }),
        ),
        ("haiilo.product", product.clone()),
        ("haiilo.base_url", base_url.clone()),
        ("haiilo.update_method", word(update_method.as_str())),
        ("haiilo.page_size", page_size.to_string()),
        ("haiilo.concurrency", concurrency.to_string()),
        (
            "haiilo.missing",
            word(match missing {
                MissingRule::Hold => "hold",
                MissingRule::Recreate => "recreate",
            }),
        ),
        ("leavers.deactivated", word(deactivated.as_str())),
        ("leavers.unassigned", word(unassigned.as_str())),
        (
            "leavers.adopted",
            word(match adopted {
                AdoptedRule::Keep => "keep",
                AdoptedRule::Same => "same",
            }),
        ),
        ("leavers.grace", span(*grace)),
        ("protect.accounts", protected.patterns().collect::<Vec<_>>().join(", ")),
    ];
    used.extend(token_owner.iter().map(|owner| ("haiilo.auth.token_owner", owner.to_string())));
    if *served == Product::Intranet {
        used.push(("haiilo.deprovision_policy", word(deprovision.as_str())));
    }
    let Limits { vanished, deletes, creates, updates, renames, clears, moves, missing, members } = limits;
    used.extend([
        ("limits.vanished", limit(*vanished)),
        ("limits.deletes", limit(*deletes)),
        ("limits.creates", limit(*creates)),
        ("limits.updates", limit(*updates)),
        ("limits.renames", limit(*renames)),
        ("limits.clears", limit(*clears)),
        ("limits.moves", limit(*moves)),
        ("limits.missing", limit(*missing)),
        ("limits.members", limit(*members)),
        ("journal.keep", span(*journal_keep)),
    ]);
    if let Some(GroupRules { include, delete }) = groups {
        used.push(("groups.include", include.join(", ")));
        let delete = match delete {
            GroupDeletes::Never => "false",
            GroupDeletes::WhenGone => "true",
        };
        used.push(("groups.delete", word(delete)));
    }
    let mut used: Vec<(String, String)> = used.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let rules = [mapping.user_name()].into_iter().chain(mapping.rules());
    used.extend(rules.map(|rule| (format!("mapping: {}", rule.path), rule.source().to_owned())));
    used.extend(mapping.include_source().map(|include| ("mapping: people.include".to_owned(), include.to_owned())));
    used
}

fn limit(limit: Option<Limit>) -> String {
    let Some(Limit { percent, floor, cap }) = limit else { return "off".to_owned() };
    let parts = [
        percent.map(|percent| format!("{percent} percent")),
        floor.map(|floor| format!("floor {floor}")),
        cap.map(|cap| format!("cap {cap}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn span(time: TimeDelta) -> String {
    let seconds = time.num_seconds();
    for (unit, length) in [("d", 86_400), ("h", 3_600), ("m", 60)] {
        if seconds != 0 && seconds % length == 0 {
            return format!("{}{unit}", seconds / length);
        }
    }
    format!("{seconds}s")
}
