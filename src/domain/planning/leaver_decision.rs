//! Leavers: people who are linked and no longer assigned. They lose their account last, and only on independent evidence.
//!
//! The listing alone never makes a leaver: Okta is asked for the user and for the assignment by id. The grace period counts only time that
//! complete cycles covered under the same rules. Time is Okta's.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use compact_str::CompactString;

use crate::listing::snapshot::{AssignmentSnapshot, PersonState, Proof};
use crate::model::account::Activity;
use crate::model::ids::{EmployeeNumber, Fingerprint, HaiiloId, OktaUserId, UserName};
use crate::model::limit::LimitName;
use crate::model::link::{Absence, Counted, Link, Links, Origin};
use crate::model::policy::{AdoptedRule, Deprovision, LeaverAction, Policy, RemovalEffect};
use crate::plan::evidence::{Evidence, EvidenceAnswer, Sighting};
use crate::plan::hold::{Hold, HoldReason};
use crate::plan::leaver::{DeletesBlocked, GracePeriod, KeptBecause, Leaver, LeaverRecord, LeaverStatus};
use crate::plan::sync_state_update::{LeaverUpdate, PolicyKnowledge};
use crate::planning::input::{ClockAgreement, PlanInput};
use crate::state::sync_state::{SyncState, Watch};

/// The longest gap between complete cycles that does not restart grace periods.
const LONGEST_GAP: TimeDelta = TimeDelta::hours(24);
/// How many people are read by id in one cycle.
const CHECKS_A_CYCLE: usize = 200;

/// People who are linked and no longer in the listing, with their employee numbers.
pub type Unlisted = BTreeMap<OktaUserId, Option<EmployeeNumber>>;

/// All decisions about linked people who are no longer in the listing.
#[derive(Clone, Debug, Default)]
pub struct LeaverDecisions {
    /// Leavers.
    pub leavers: Vec<Leaver>,
    /// People whose state is not certain.
    pub held: Vec<Hold>,
    /// All people who are linked and no longer in the listing, for any reason.
    pub unlisted: Unlisted,
    /// What the store should remember.
    pub update: LeaverUpdate,
}

/// The linked people who are no longer assigned, according to the listing.
pub fn unlisted<'a>(links: &'a Links, people: &AssignmentSnapshot) -> Vec<&'a Link> {
    // Both are in the order of the Okta ids, so one pass over both is enough.
    let mut people = people.people().iter().peekable();
    let is_gone = |link: &&Link| {
        while people.next_if(|person| person.id < link.okta_id).is_some() {}
        people.peek().is_none_or(|person| person.id != link.okta_id || person.state == PersonState::Left)
    };
    links.iter().filter(is_gone).collect()
}

/// The people to read by id in this cycle: first all newly unlisted people, then the others in turn.
pub fn to_check<'a>(unlisted: &[&'a Link], state: &SyncState) -> Vec<&'a OktaUserId> {
    let (known, new): (Vec<&Link>, Vec<&Link>) =
        unlisted.iter().partition(|link| state.leavers.contains_key(&link.okta_id));
    let room = CHECKS_A_CYCLE.saturating_sub(new.len());
    let turn = usize::try_from(state.cycles).unwrap_or(0).wrapping_mul(room);
    let start = if known.is_empty() { 0 } else { turn % known.len() };
    let in_turn = known.iter().cycle().skip(start).take(known.len());
    new.iter().chain(in_turn).take(CHECKS_A_CYCLE).map(|link| &link.okta_id).collect()
}

/// The watch after this complete cycle.
pub fn watch(state: &SyncState, rules: &Fingerprint, now: DateTime<Utc>) -> Watch {
    let since = match &state.watch {
        Some(Watch { since, last, rules: before }) if before == rules && *last <= now && now - *last <= LONGEST_GAP => {
            *since
        }
        _ => now,
    };
    Watch { since, last: now, rules: rules.clone() }
}

/// Decides about all linked people who are no longer in the listing.
pub fn decide(
    input: &PlanInput<'_>,
    unlisted: &[&Link],
    answers: &BTreeMap<OktaUserId, EvidenceAnswer>,
) -> LeaverDecisions {
    let mut leaving = LeaverDecisions::default();
    let watched_since = watch(input.state, &input.leaver_rules, input.clocks.start).since;
    let wanted_names =
        if unlisted.is_empty() { WantedNames::default() } else { wanted_names(input.people, input.state) };
    for link in unlisted {
        let before = input.state.leavers.get(&link.okta_id);
        let answer = answers.get(&link.okta_id);
        let sighting = answer.map(|answer| &answer.sighting);
        let grace_period = grace_period(input, link, before, sighting);
        let absence =
            before.map_or(Absence { since: input.clocks.start, counted: Counted::Yes }, |record| record.absence);
        let employee = answer.and_then(|answer| answer.employee).or(before.and_then(|record| record.employee));
        leaving.unlisted.insert(link.okta_id.clone(), employee);
        let record = LeaverRecord { absence, grace_period, employee };
        if before != Some(&record) {
            leaving.update.records.insert(link.okta_id.clone(), record);
        }
        let held = |reason| Hold {
            okta_id: link.okta_id.clone(),
            haiilo_id: Some(link.haiilo_id.clone()),
            name: Some(link.user_name.clone()),
            reason,
        };
        match (grace_period, sighting) {
            (_, Some(Sighting::StillAssigned)) => leaving.held.push(held(HoldReason::StillAssigned)),
            (_, Some(Sighting::Unclear(what))) => leaving.held.push(held(HoldReason::NoEvidence(what.clone()))),
            (None, _) => leaving.held.push(held(HoldReason::EvidenceDue)),
            (Some(grace_period), _) => {
                let status = status(input, &wanted_names, link, grace_period, watched_since);
                leaving.leavers.push(Leaver {
                    okta_id: link.okta_id.clone(),
                    haiilo_id: link.haiilo_id.clone(),
                    user_name: link.user_name.clone(),
                    evidence: grace_period.evidence,
                    since: absence.since,
                    action: grace_period.action,
                    effect: input.policy.removal_effect(grace_period.action),
                    status,
                });
            }
        }
    }
    let is_assigned =
        |id: &&OktaUserId| input.people.get(id).is_some_and(|person| matches!(person.state, PersonState::Wanted(_)));
    leaving.update.no_longer_recreated = input.state.recreated.iter().filter(is_assigned).cloned().collect();
    leaving.update.returned =
        input.state.leavers.keys().filter(|id| !leaving.unlisted.contains_key(*id)).cloned().collect();
    if input.policy.deprovision == Deprovision::Delete && input.state.deactivation_deleted.is_some() {
        leaving.update.directory = PolicyKnowledge::KnownToDelete;
    }
    spend_budget(input, &mut leaving.leavers);
    leaving
}

/// The grace period of one person. It continues while evidence and action stay the same, restarts when either changes, and stops on doubt.
fn grace_period(
    input: &PlanInput<'_>,
    link: &Link,
    before: Option<&LeaverRecord>,
    sighting: Option<&Sighting>,
) -> Option<GracePeriod> {
    let known = before.and_then(|record| record.grace_period);
    let evidence = match (sighting, known) {
        (Some(Sighting::Left(evidence)), _) => *evidence,
        (None, Some(known)) => known.evidence,
        (Some(Sighting::StillAssigned | Sighting::Unclear(_)), _) | (None, None) => return None,
    };
    let action = configured(input.policy, link, evidence);
    match known {
        Some(known) if known.action == action && known.evidence == evidence => Some(known),
        _ => Some(GracePeriod { evidence, action, from: input.clocks.start }),
    }
}

/// The configured action for this account.
fn configured(policy: &Policy, link: &Link, evidence: Evidence) -> LeaverAction {
    let action = match evidence {
        Evidence::Deactivated => policy.leavers.deactivated,
        Evidence::Unassigned => policy.leavers.unassigned,
    };
    match (link.origin, policy.leavers.adopted) {
        (Origin::Adopted, AdoptedRule::Keep) => LeaverAction::Keep,
        (Origin::Adopted, AdoptedRule::Same) | (Origin::Created, _) => action,
    }
}

/// The userNames that people have or should have, each with one of these people.
type WantedNames<'a> = BTreeMap<CompactString, &'a OktaUserId>;

/// Does not count people that an operator confirmed as new.
fn wanted_names<'a>(people: &'a AssignmentSnapshot, state: &SyncState) -> WantedNames<'a> {
    let others = people.people().iter().filter(|person| !state.confirmed_new.contains(&person.id));
    others.filter_map(|person| Some((person.state.user_name()?.key(), &person.id))).collect()
}

fn status(
    input: &PlanInput<'_>,
    wanted_names: &WantedNames<'_>,
    link: &Link,
    grace_period: GracePeriod,
    watched_since: DateTime<Utc>,
) -> LeaverStatus {
    let account = input.accounts.get(&link.haiilo_id);
    let names = [Some(&link.user_name), account.and_then(|account| account.user_name.as_ref())];
    if names.iter().flatten().any(|name| input.policy.owns_token(name)) {
        return LeaverStatus::Kept(KeptBecause::TokenOwner);
    }
    if let Some(pattern) = protection(input.policy, input.state, &link.haiilo_id, names.iter().copied().flatten()) {
        return LeaverStatus::Kept(KeptBecause::Protected(pattern));
    }
    if grace_period.action == LeaverAction::Keep {
        let adopted = link.origin == Origin::Adopted && input.policy.leavers.adopted == AdoptedRule::Keep;
        return LeaverStatus::Kept(if adopted { KeptBecause::Adopted } else { KeptBecause::Configured });
    }
    let Some(account) = account else { return LeaverStatus::Kept(KeptBecause::AlreadyGone) };
    if grace_period.action == LeaverAction::Deactivate && account.activity == Activity::Inactive {
        return LeaverStatus::Kept(KeptBecause::AlreadyInactive);
    }
    if input.state.recreated.contains(&link.okta_id) {
        return LeaverStatus::Kept(KeptBecause::Recreated);
    }
    if let Some(other) = names.iter().flatten().find_map(|name| wanted_names.get(&name.key())) {
        return LeaverStatus::Kept(KeptBecause::WantedBy((*other).clone()));
    }
    if account.user_name.as_ref().is_none_or(|name| !name.same_as(&link.user_name)) {
        return LeaverStatus::Kept(KeptBecause::CarriesAnotherName);
    }
    let due = grace_period.from.max(watched_since) + input.policy.leavers.grace;
    let deleted = input.state.deactivation_deleted.is_some()
        && input.policy.removal_effect(grace_period.action) == RemovalEffect::Deactivated;
    match deletes_blocked(input).or(deleted.then_some(DeletesBlocked::DeactivationDeleted)) {
        _ if due > input.clocks.start => LeaverStatus::Waiting(due),
        Some(why) => LeaverStatus::Blocked(due, why),
        None => LeaverStatus::Due(due),
    }
}

/// The pattern that protects an account, by its id, by one of its names, or because a pattern once protected it.
pub fn protection<'a>(
    policy: &Policy,
    state: &SyncState,
    id: &HaiiloId,
    names: impl IntoIterator<Item = &'a UserName>,
) -> Option<String> {
    let remembered = state.protected.get(id).filter(|pattern| policy.protected.has(pattern));
    let by_id = policy.protected.by_id(id).map(str::to_owned);
    let by_name = || names.into_iter().find_map(|name| policy.protected.by_name(name)).map(str::to_owned);
    remembered.cloned().or(by_id).or_else(by_name)
}

/// What blocks all deletes of this cycle.
pub fn deletes_blocked(input: &PlanInput<'_>) -> Option<DeletesBlocked> {
    if input.policy.token_owner.as_ref().is_some_and(|owner| input.accounts.named(owner).is_empty()) {
        Some(DeletesBlocked::OwnerNotFound)
    } else if input.clocks.agreement == ClockAgreement::Off {
        Some(DeletesBlocked::ClockOff)
    } else if matches!(input.accounts.proof(), Proof::Doubtful(_)) {
        Some(DeletesBlocked::ListingDoubtful)
    } else if !input.people.people().iter().any(|person| matches!(person.state, PersonState::Wanted(_))) {
        Some(DeletesBlocked::NobodyAssigned)
    } else {
        None
    }
}

/// Postpones deletes that the budget of the day does not cover. The earliest due dates come first.
fn spend_budget(input: &PlanInput<'_>, leavers: &mut [Leaver]) {
    let Some(limit) = input.policy.limits.of(LimitName::Deletes) else { return };
    let base = input.state.links.len().max(input.people.people().len()) as u64;
    let mut left = limit.allowed(base).saturating_sub(input.state.recent(LimitName::Deletes));
    let mut due: Vec<(DateTime<Utc>, usize)> = leavers
        .iter()
        .enumerate()
        .filter_map(|(at, leaver)| match leaver.status {
            LeaverStatus::Due(due) => Some((due, at)),
            LeaverStatus::Kept(_)
            | LeaverStatus::Waiting(_)
            | LeaverStatus::Postponed(_)
            | LeaverStatus::Blocked(..) => None,
        })
        .collect();
    // Equal due dates are sorted by id, which is the order of the leavers.
    due.sort_unstable();
    for (time, at) in due {
        if left == 0 {
            leavers[at].status = LeaverStatus::Postponed(time);
        } else {
            left -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{LeaverDecisions, decide, to_check, unlisted, watch};
    use chrono::{DateTime, TimeDelta, Utc};

    use crate::listing::snapshot::{
        AccountPage, AccountPager, AccountSnapshot, AssignmentPager, AssignmentSnapshot, PageRequest, Person,
        PersonState,
    };
    use crate::mapping::{AttributeKind, Mapping, MappingSpec, On, RuleSpec, WhenEmpty};
    use crate::model::account::{Account, AccountRow, Activity};
    use crate::model::assignment::{StagedRule, StatusRules, SuspendedRule};
    use crate::model::ids::{Fingerprint, HaiiloId, OktaUserId, UserName};
    use crate::model::limit::{Limit, LimitName, Limits};
    use crate::model::link::{Absence, Counted, Link, Listed, Origin};
    use crate::model::person::DesiredAccount;
    use crate::model::policy::{
        AdoptedRule, Deprovision, LeaverAction, LeaverRules, MissingRule, Policy, Product, Protected,
    };
    use crate::plan::evidence::{Evidence, EvidenceAnswer, Sighting};
    use crate::plan::leaver::{DeletesBlocked, GracePeriod, KeptBecause, LeaverRecord, LeaverStatus};
    use crate::planning::input::{ClockAgreement, Clocks, PlanInput};
    use crate::planning::linked_accounts::LinkedAccounts;
    use crate::scim::path::AttributePath;
    use crate::scim::value::Compare;
    use crate::state::sync_state::{SyncState, Watch};

    const RULES: StatusRules = StatusRules { suspended: SuspendedRule::Keep, staged: StagedRule::Skip };

    fn day(n: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a time") + TimeDelta::days(n)
    }

    fn id(n: u32) -> OktaUserId {
        OktaUserId::new(format!("00u{n:03}"))
    }

    fn people(states: &[(u32, PersonState)]) -> AssignmentSnapshot {
        let mut pager = AssignmentPager::default();
        let people = states.iter().map(|(n, state)| Person { id: id(*n), state: state.clone() });
        // One person is assigned, so evidence differs from a failed lookup by id.
        let desired =
            DesiredAccount { user_name: UserName::new("control@example.com"), employee: None, values: Box::default() };
        let people = people.chain([Person { id: id(900), state: PersonState::Wanted(desired) }]).collect();
        pager.take(people, 0, None).expect("one page");
        pager.finish().expect("complete")
    }

    fn accounts(names: &[&str]) -> AccountSnapshot {
        let account = |(n, name): (usize, &&str)| {
            AccountRow::Account(Account {
                id: HaiiloId::new(format!("h{n}")),
                user_name: Some(UserName::new(*name)),
                activity: Activity::Active,
                values: Box::default(),
                without_element: 0,
            })
        };
        let rows: Vec<AccountRow> = names.iter().enumerate().map(account).collect();
        let total = Some(rows.len() as u64);
        let mut pager = AccountPager::new(100);
        pager.take(PageRequest { start: 1, count: 100 }, AccountPage { rows, total }).expect("a page");
        while let Some(request) = pager.wanted().expect("a reading").first() {
            pager.take(*request, AccountPage { rows: Vec::new(), total }).expect("a page");
        }
        pager.finish().expect("complete")
    }

    /// Person `n` has account `h n` with the userName `p n@x`.
    fn link(n: u32) -> Link {
        Link {
            okta_id: id(n),
            haiilo_id: HaiiloId::new(format!("h{n}")),
            user_name: UserName::new(format!("p{n}@x")),
            origin: Origin::Created,
            listed: Listed::Seen,
            missing: None,
        }
    }

    fn policy() -> Policy {
        Policy {
            product: Product::Advocacy,
            deprovision: Deprovision::Delete,
            statuses: RULES,
            missing: MissingRule::Hold,
            leavers: LeaverRules {
                deactivated: LeaverAction::Delete,
                unassigned: LeaverAction::Keep,
                adopted: AdoptedRule::Keep,
                grace: TimeDelta::days(30),
            },
            protected: Protected::new(["boss@x".to_owned()]).expect("a pattern"),
            token_owner: Some(UserName::new("owner@x")),
            limits: {
                let mut limits = Limits::usual();
                limits.set(LimitName::Deletes, Some(Limit { percent: None, floor: Some(2), cap: None }));
                limits
            },
        }
    }

    fn rules() -> Fingerprint {
        Fingerprint::of(&["rules"])
    }

    /// A store with a watch since day 0 without a gap, and four people who were deactivated and left on day 0.
    fn state(now: DateTime<Utc>) -> SyncState {
        let grace_period = GracePeriod { evidence: Evidence::Deactivated, action: LeaverAction::Delete, from: day(0) };
        let record = LeaverRecord {
            absence: Absence { since: day(0), counted: Counted::Yes },
            grace_period: Some(grace_period),
            employee: None,
        };
        SyncState {
            links: (0..4).map(link).collect(),
            leavers: (0..4).map(|n| (id(n), record.clone())).collect(),
            watch: Some(Watch { since: day(0), last: now - TimeDelta::hours(1), rules: rules() }),
            ..SyncState::default()
        }
    }

    const NAMES: [&str; 5] = ["p0@x", "p1@x", "p2@x", "p3@x", "owner@x"];

    /// The statuses of all leavers on a day, with changes by the test.
    fn statuses(
        n: i64,
        change: impl FnOnce(&mut SyncState, &mut Policy),
        names: &[&str],
        agreement: ClockAgreement,
    ) -> Vec<LeaverStatus> {
        let (mut state, mut policy) = (state(day(n)), policy());
        change(&mut state, &mut policy);
        let people = people(&[]);
        let decided = Decided { people: &people, day: n, agreement };
        decided.by(&state, &policy, names, &BTreeMap::new()).leavers.into_iter().map(|leaver| leaver.status).collect()
    }

    /// The decisions on a day about a listing of people.
    struct Decided<'a> {
        people: &'a AssignmentSnapshot,
        day: i64,
        agreement: ClockAgreement,
    }

    impl Decided<'_> {
        fn by(
            &self,
            state: &SyncState,
            policy: &Policy,
            names: &[&str],
            answers: &BTreeMap<OktaUserId, EvidenceAnswer>,
        ) -> LeaverDecisions {
            let Self { people, day: n, agreement } = *self;
            let (accounts, mapping) = (accounts(names), mapping());
            let input = PlanInput {
                people,
                accounts: &accounts,
                state,
                policy,
                mapping: &mapping,
                now: day(n),
                clocks: Clocks { agreement, start: day(n) },
                leaver_rules: rules(),
                linked: LinkedAccounts::of(&state.links, &accounts),
            };
            decide(&input, &unlisted(&state.links, people), answers)
        }
    }

    fn mapping() -> Mapping {
        let rule = RuleSpec {
            path: AttributePath::parse("userName").expect("a path"),
            value: "user.login".to_owned(),
            compare: Compare::IgnoreCase,
            on: On::CreateAndUpdate,
            when_empty: WhenEmpty::Leave,
            kind: AttributeKind::Text,
        };
        let spec = MappingSpec { rules: vec![rule], tables: BTreeMap::new(), include: None, employee_number: None };
        Mapping::new(spec).expect("a mapping")
    }

    #[track_caller]
    fn check(n: i64, change: impl FnOnce(&mut SyncState, &mut Policy), first: &LeaverStatus) {
        assert_eq!(&statuses(n, change, &NAMES, ClockAgreement::Agrees)[0], first);
    }

    #[test]
    fn a_clock_runs_while_somebody_watches() {
        check(29, |_, _| {}, &LeaverStatus::Waiting(day(30)));
        check(30, |_, _| {}, &LeaverStatus::Due(day(30)));
        // A gap of more than a day in the watch restarts all grace periods.
        check(300, |state, _| state.watch.as_mut().expect("a watch").last = day(298), &LeaverStatus::Waiting(day(330)));
        check(300, |state, _| state.watch.as_mut().expect("a watch").last = day(299), &LeaverStatus::Due(day(30)));
        // A store without a watch, other rules, and a time before the last cycle restart them too.
        check(300, |state, _| state.watch = None, &LeaverStatus::Waiting(day(330)));
        let other = Fingerprint::of(&["other"]);
        check(300, |state, _| state.watch.as_mut().expect("a watch").rules = other, &LeaverStatus::Waiting(day(330)));
        check(300, |state, _| state.watch.as_mut().expect("a watch").last = day(301), &LeaverStatus::Waiting(day(330)));
        check(
            300,
            |state, _| state.watch.as_mut().expect("a watch").since = day(290),
            &LeaverStatus::Waiting(day(320)),
        );
    }

    #[test]
    fn the_watch_goes_on_or_starts_again() {
        let now = day(10);
        assert_eq!(watch(&state(now), &rules(), now), Watch { since: day(0), last: now, rules: rules() });
        assert_eq!(watch(&SyncState::default(), &rules(), now), Watch { since: now, last: now, rules: rules() });
    }

    #[test]
    fn arming_after_a_year_of_keep_starts_the_clock() {
        let keep = |state: &mut SyncState, _: &mut Policy| {
            for record in state.leavers.values_mut() {
                record.grace_period.as_mut().expect("a clock").action = LeaverAction::Keep;
            }
        };
        check(365, keep, &LeaverStatus::Waiting(day(395)));
    }

    #[test]
    fn who_is_kept() {
        let all = |action| move |_: &mut SyncState, policy: &mut Policy| policy.leavers.deactivated = action;
        check(40, all(LeaverAction::Keep), &LeaverStatus::Kept(KeptBecause::Configured));
        let adopted = |state: &mut SyncState, _: &mut Policy| {
            state.links = (0..4).map(|n| Link { origin: Origin::Adopted, ..link(n) }).collect();
        };
        check(40, adopted, &LeaverStatus::Kept(KeptBecause::Adopted));
        let same = |state: &mut SyncState, policy: &mut Policy| {
            adopted(state, policy);
            policy.leavers.adopted = AdoptedRule::Same;
        };
        check(40, same, &LeaverStatus::Due(day(30)));
        let protect = |pattern: &'static str| {
            move |_: &mut SyncState, policy: &mut Policy| {
                policy.protected = Protected::new([pattern.to_owned()]).expect("a pattern");
            }
        };
        check(40, protect("p0@*"), &LeaverStatus::Kept(KeptBecause::Protected("p0@*".to_owned())));
        check(40, protect("h0"), &LeaverStatus::Kept(KeptBecause::Protected("h0".to_owned())));
        // An account stays protected after its name no longer matches, while the pattern is configured.
        let once = |state: &mut SyncState, _: &mut Policy| {
            state.protected = BTreeMap::from([(HaiiloId::new("h0"), "boss@x".to_owned())]);
        };
        check(40, once, &LeaverStatus::Kept(KeptBecause::Protected("boss@x".to_owned())));
        let no_longer = |state: &mut SyncState, policy: &mut Policy| {
            once(state, policy);
            policy.protected = Protected::new([]).expect("no pattern");
        };
        check(40, no_longer, &LeaverStatus::Due(day(30)));
        check(
            40,
            |_, policy| policy.token_owner = Some(UserName::new("P0@X")),
            &LeaverStatus::Kept(KeptBecause::TokenOwner),
        );
        let gone = &["other@x", "p1@x", "p2@x", "p3@x", "owner@x"];
        assert_eq!(
            statuses(40, |_, _| {}, gone, ClockAgreement::Agrees)[0],
            LeaverStatus::Kept(KeptBecause::CarriesAnotherName)
        );
    }

    #[test]
    fn an_account_that_is_gone_is_not_deleted() {
        let mut state = state(day(40));
        state.links = [Link { haiilo_id: HaiiloId::new("gone"), ..link(0) }].into_iter().collect();
        let people = people(&[]);
        let decided = Decided { people: &people, day: 40, agreement: ClockAgreement::Agrees };
        let leaving = decided.by(&state, &policy(), &NAMES, &BTreeMap::new());
        assert_eq!(leaving.leavers[0].status, LeaverStatus::Kept(KeptBecause::AlreadyGone));
    }

    #[test]
    fn what_forbids_deletes() {
        let blocked = |why| LeaverStatus::Blocked(day(30), why);
        let no_owner = &NAMES[..4];
        assert_eq!(
            statuses(40, |_, _| {}, no_owner, ClockAgreement::Agrees)[0],
            blocked(DeletesBlocked::OwnerNotFound)
        );
        assert_eq!(statuses(40, |_, _| {}, &NAMES, ClockAgreement::Off)[0], blocked(DeletesBlocked::ClockOff));
        // A leaver who is not due yet is not blocked either.
        assert_eq!(statuses(20, |_, _| {}, no_owner, ClockAgreement::Off)[0], LeaverStatus::Waiting(day(30)));
    }

    #[test]
    fn a_clock_that_is_five_minutes_off_agrees_and_one_that_is_more_does_not() {
        let local = day(0);
        for (seconds, agreement) in
            [(0, ClockAgreement::Agrees), (300, ClockAgreement::Agrees), (301, ClockAgreement::Off)]
        {
            for sign in [-1, 1] {
                let server = local + TimeDelta::seconds(sign * seconds);
                assert_eq!(Clocks::compare(local, Some(server)).agreement, agreement);
            }
        }
        assert_eq!(Clocks::compare(local, None).agreement, ClockAgreement::Off);
    }

    #[test]
    fn the_budget_postpones_whoever_is_due_last() {
        let stagger = |state: &mut SyncState, _: &mut Policy| {
            for (n, record) in state.leavers.values_mut().enumerate() {
                record.grace_period.as_mut().expect("a clock").from = day(3 - i64::try_from(n).expect("small"));
            }
        };
        let due = |n: i64| LeaverStatus::Due(day(n + 30));
        let late = |n: i64| LeaverStatus::Postponed(day(n + 30));
        let found = statuses(40, stagger, &NAMES, ClockAgreement::Agrees);
        assert_eq!(found, [late(3), late(2), due(1), due(0)]);
        let used = |state: &mut SyncState, policy: &mut Policy| {
            stagger(state, policy);
            state.recent.insert(LimitName::Deletes, 1);
        };
        assert_eq!(statuses(40, used, &NAMES, ClockAgreement::Agrees), [late(3), late(2), late(1), due(0)]);
        let off = |_: &mut SyncState, policy: &mut Policy| policy.limits.set(LimitName::Deletes, None);
        assert_eq!(statuses(40, off, &NAMES, ClockAgreement::Agrees), [due(0), due(0), due(0), due(0)]);
    }

    /// The effect of one sighting, on day 40, on a person who has been a deactivated leaver since day 0.
    fn after(seen: Option<Sighting>) -> (Option<LeaverStatus>, Option<&'static str>, Option<LeaverRecord>) {
        let mut state = state(day(40));
        state.links = [link(0)].into_iter().collect();
        state.leavers.retain(|okta_id, _| *okta_id == id(0));
        let people = people(&[]);
        let decided = Decided { people: &people, day: 40, agreement: ClockAgreement::Agrees };
        let sightings = seen.into_iter().map(|sighting| (id(0), EvidenceAnswer { sighting, employee: None })).collect();
        let leaving = decided.by(&state, &policy(), &NAMES, &sightings);
        let status = leaving.leavers.first().map(|leaver| leaver.status.clone());
        (status, leaving.held.first().map(|held| held.reason.code()), leaving.update.records.get(&id(0)).cloned())
    }

    #[test]
    fn what_is_seen_of_a_leaver_keeps_stops_or_restarts_the_clock() {
        let absence = Absence { since: day(0), counted: Counted::Yes };
        let stopped = Some(LeaverRecord { absence, grace_period: None, employee: None });
        assert_eq!(after(None), (Some(LeaverStatus::Due(day(30))), None, None));
        assert_eq!(after(Some(Sighting::Left(Evidence::Deactivated))), (Some(LeaverStatus::Due(day(30))), None, None));
        assert_eq!(after(Some(Sighting::StillAssigned)), (None, Some("still_assigned"), stopped.clone()));
        assert_eq!(after(Some(Sighting::Unclear("x".into()))), (None, Some("no_evidence"), stopped));
        let grace_period = GracePeriod { evidence: Evidence::Unassigned, action: LeaverAction::Keep, from: day(40) };
        let restarted = Some(LeaverRecord { absence, grace_period: Some(grace_period), employee: None });
        let kept = Some(LeaverStatus::Kept(KeptBecause::Configured));
        assert_eq!(after(Some(Sighting::Left(Evidence::Unassigned))), (kept, None, restarted));
    }

    #[test]
    fn whoever_comes_back_is_forgotten_as_a_leaver() {
        let state = state(day(1));
        let back = people(&[(0, PersonState::Staged), (1, PersonState::Left), (2, PersonState::OutOfScope)]);
        let gone: BTreeSet<&OktaUserId> = unlisted(&state.links, &back).iter().map(|link| &link.okta_id).collect();
        assert_eq!(gone, BTreeSet::from([&id(1), &id(3)]));
        let decided = Decided { people: &back, day: 1, agreement: ClockAgreement::Agrees };
        let leaving = decided.by(&state, &policy(), &NAMES, &BTreeMap::new());
        assert_eq!(leaving.update.returned, BTreeSet::from([id(0), id(2)]));
    }

    #[test]
    fn new_people_are_asked_about_first_and_the_others_in_turn() {
        let links: Vec<Link> = (0..500).map(link).collect();
        let gone: Vec<&Link> = links.iter().collect();
        let record = LeaverRecord {
            absence: Absence { since: day(0), counted: Counted::Yes },
            grace_period: None,
            employee: None,
        };
        let known: BTreeMap<OktaUserId, LeaverRecord> = (10..500).map(|n| (id(n), record.clone())).collect();
        let asked = |cycles| {
            let state = SyncState { leavers: known.clone(), cycles, ..SyncState::default() };
            to_check(&gone, &state).into_iter().cloned().collect::<Vec<_>>()
        };
        for cycles in 0..5 {
            let asked = asked(cycles);
            assert_eq!(asked.len(), 200);
            assert!((0..10).all(|n| asked.contains(&id(n))));
        }
        let everybody: BTreeSet<OktaUserId> = (0..3).flat_map(asked).collect();
        assert_eq!(everybody.len(), 500);
    }
}
