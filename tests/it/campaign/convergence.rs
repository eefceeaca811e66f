//! What everything comes to when it has been quiet for long enough: both sides are in step, but for what stands in the way by the truth.

use okta_haiilo_sim::haiilo::{Account, Seen};
use okta_haiilo_sync::domain::model::policy::{LeaverAction, Product};
use okta_haiilo_sync::domain::plan::evidence::Evidence;
use okta_haiilo_sync::domain::plan::leaver::{DeletesBlocked, KeptBecause, LeaverStatus};

use crate::campaign::actions::Life;
use crate::campaign::ground_truth::{Standing, Truth};
use crate::campaign::oracle::{Oracle, Verdict, ensure, is_protected};
use crate::setup::environment::product;
use crate::setup::world::rules;

/// Judges the end of a story.
pub(super) async fn judge(life: &Life, oracle: &mut Oracle) -> Verdict {
    let prepared = life.world.try_plan().await.map_err(|error| format!("no plan: {error}"))?;
    let plan = &prepared.plan.people;
    ensure!(plan.operations.is_empty(), "left to do: {:?}", plan.operations);
    let truth = Truth::of(life).await;
    for leaver in &plan.findings.leavers {
        let rules = &life.world.settings.policy.leavers;
        let action = match leaver.evidence {
            Evidence::Deactivated => rules.deactivated,
            Evidence::Unassigned => rules.unassigned,
        };
        let is_settled = match &leaver.status {
            LeaverStatus::Kept(KeptBecause::Configured) => action == LeaverAction::Keep,
            LeaverStatus::Kept(_) => true,
            // Where nobody is assigned any more, nobody can show that evidence means something.
            LeaverStatus::Blocked(_, DeletesBlocked::NobodyAssigned) => {
                !truth.standing.values().any(|it| *it == Standing::Assigned)
            }
            _ => false,
        };
        ensure!(is_settled, "not settled, though there was time for it: {leaver:?}");
    }
    let open = life.world.state().await.open;
    for open in open {
        let is_assigned = truth.standing.get(open.okta_id.as_str()) == Some(&Standing::Assigned);
        ensure!(
            !is_assigned
                || !plan.findings.held.is_empty()
                || !plan.findings.rejected.is_empty()
                || !plan.findings.waiting.is_empty(),
            "an entry is open: {open:?}"
        );
    }
    for (person, wanted) in &truth.wanted {
        if truth.standing[person] != Standing::Assigned {
            continue;
        }
        // Somebody gone once had the name: an administrator decides whether it is the same human.
        let is_suspect = plan
            .findings
            .held
            .iter()
            .any(|held| held.okta_id.as_str() == person && held.reason.code() == "perhaps_rehired");
        let is_gone = |owner: &String| truth.standing.get(owner) != Some(&Standing::Assigned);
        if (is_suspect && truth.links.values().any(is_gone)) || in_the_way(life, &truth, person, wanted).is_some() {
            oracle.tally.excused += 1;
            continue;
        }
        let unsent = plan.findings.rejected.iter().chain(&plan.findings.waiting);
        let unsent = unsent.filter(|value| value.okta_id.as_str() == person).map(|value| value.path.to_string());
        has_account(life, &truth, (person, wanted), &unsent.collect::<Vec<_>>())?;
        oracle.tally.as_wanted += 1;
    }
    Ok(())
}

/// The group that somebody shall be in; none where the table does not know the country.
fn group(life: &Life, person: &str) -> Option<String> {
    let groups = rules().tables.remove("groups")?;
    let profile = life.world.okta.state().profile(person);
    groups.get(profile.get("countryCode")?.as_str()?).cloned()
}

/// Why somebody may be without the right account, by the truth.
fn in_the_way(life: &Life, truth: &Truth, person: &str, wanted: &str) -> Option<&'static str> {
    let own = truth.links.iter().find(|(_, owner)| *owner == person).map(|(account, _)| account);
    let Some(group) = group(life, person) else { return Some("the table does not know the country") };
    if product() == Product::Advocacy && !life.world.haiilo.state().groups().contains(&group) {
        return Some("Haiilo has no such group");
    }
    if let Some(own) = own {
        let Some(account) = truth.accounts.get(own) else { return Some("somebody removed the account") };
        let name = account.user_name.to_lowercase();
        if name != wanted && life.renamed_by_hand.contains(own) {
            return Some("somebody renamed the account by hand");
        }
        if name != wanted && (is_protected(&name) || is_protected(wanted)) {
            return Some("the account is protected");
        }
        if account.seen != Seen::Everywhere {
            return Some("the listing does not show the account");
        }
        if !account.is_active() {
            return Some("the account is inactive");
        }
    }
    let profile = life.world.okta.state().profile(person);
    let same = |key: &str, path: &str, account: &Account| {
        profile
            .get(key)
            .and_then(|value| value.as_str())
            .is_some_and(|text| text.eq_ignore_ascii_case(account.text(path)))
    };
    let is_namesake = |account: &Account| {
        !truth.links.contains_key(&account.id)
            && same("firstName", "name.givenName", account)
            && same("lastName", "name.familyName", account)
    };
    if own.is_none() && truth.accounts.values().any(is_namesake) {
        return Some("an unmanaged account has the same names");
    }
    let carries = |account: &&Account| account.user_name.to_lowercase() == wanted && Some(&account.id) != own;
    if let Some(other) = truth.accounts.values().find(carries)
        && (own.is_some() || truth.links.contains_key(&other.id) || other.seen != Seen::Everywhere)
    {
        return Some("another account carries the name");
    }
    let is_reserved = |(account, owner): (&String, &String)| owner != person && !truth.accounts.contains_key(account);
    let is_lost = truth.links.iter().any(is_reserved);
    if is_lost && own.is_none_or(|own| truth.accounts[own].user_name.to_lowercase() != wanted) {
        return Some("an account that is gone may keep the name");
    }
    None
}

/// Somebody has one account, and it is as it shall be, but for values that Haiilo once did not keep.
fn has_account(life: &Life, truth: &Truth, (person, wanted): (&str, &str), unsent: &[String]) -> Verdict {
    let found: Vec<&Account> =
        truth.accounts.values().filter(|account| account.user_name.to_lowercase() == wanted).collect();
    let [account] = found[..] else { return Err(format!("{person} has {} accounts named {wanted}", found.len())) };
    ensure!(truth.links.get(&account.id).is_some_and(|owner| owner == person), "{person} is not linked to {account:?}");
    let profile = life.world.okta.state().profile(person);
    let text = |key: &str| profile.get(key).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
    let team = text(if life.teams_of_departments { "department" } else { "city" });
    for (path, shall_be, is) in [
        ("name.givenName", text("firstName"), account.text("name.givenName")),
        ("name.familyName", text("lastName"), account.text("name.familyName")),
        ("country", group(life, person).unwrap_or_default(), account.group()),
        ("locality", team, account.team()),
    ] {
        let is_right = is == shall_be || (path == "locality" && is.to_lowercase() == shall_be.to_lowercase());
        let is_unsent = unsent.iter().any(|unsent| unsent.ends_with(path));
        ensure!(is_right || is_unsent, "{person} has {path} {is:?}, and shall have {shall_be:?}");
    }
    Ok(())
}
