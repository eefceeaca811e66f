//! Whatever happens in Okta: polls between, and a full cycle at the end, give the same Haiilo as full cycles alone; and where every full cycle
//! that a poll wants is run, the last one has nothing left to create or update.

use std::collections::{BTreeMap, BTreeSet};

use okta_haiilo_sim::haiilo::{Account, AccountSeed};
use okta_haiilo_sim::okta::{FanOut, Okta};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::domain::model::limit::Limits;
use okta_haiilo_sync::domain::model::policy::LeaverAction;
use okta_haiilo_sync::domain::plan::operation::OperationKind;
use okta_haiilo_sync::domain::state::log_cursor::SECOND_CHECK;
use okta_haiilo_sync::engine::PollResult;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use crate::setup::environment::length;
use crate::setup::world::{World, seed};

const PEOPLE: u32 = 9;
const COUNTRIES: [&str; 5] = ["AT", "DE", "FI", "XX", "ZZ"];

/// What happens in Okta. A deed that makes no sense at its time is not done.
#[derive(Clone, Debug)]
enum Deed {
    /// Somebody is hired, or comes back.
    Hire(u32),
    /// The same, by a group.
    Join(u32),
    Rename(u32, u8),
    /// Somebody gets the first address of somebody else.
    TakeName(u32, u32),
    /// Somebody gets the employee number of somebody else.
    TakeNumber(u32, u32),
    City(u32, u8),
    Country(u32, usize),
    Marry(u32, u8),
    Unassign(u32),
    Deactivate(u32),
    Suspend(u32),
    Unsuspend(u32),
    /// The group loses the application.
    DropGroup,
    /// The next entries of the log come twice.
    Repeat(u32),
    /// From now on the log has no entry for people whom a group reaches.
    NoObserver,
}

impl Deed {
    /// Whether it puts nobody on hold, and leaves each account to change as before.
    fn holds_nobody(&self) -> bool {
        matches!(self, Self::Hire(_) | Self::Join(_) | Self::City(..) | Self::Repeat(_) | Self::NoObserver)
    }
}

/// What is done where a poll wants a full cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Obedience {
    /// It is run.
    Obeys,
    /// It is not, before the end.
    Waits,
}

fn deed() -> impl Strategy<Value = Deed> {
    let who = 0..PEOPLE;
    prop_oneof![
        6 => who.clone().prop_map(Deed::Hire),
        2 => who.clone().prop_map(Deed::Join),
        3 => (who.clone(), 0_u8..3).prop_map(|(who, to)| Deed::Rename(who, to)),
        3 => (who.clone(), who.clone()).prop_map(|(who, whose)| Deed::TakeName(who, whose)),
        2 => (who.clone(), who.clone()).prop_map(|(who, whose)| Deed::TakeNumber(who, whose)),
        3 => (who.clone(), 0_u8..3).prop_map(|(who, to)| Deed::City(who, to)),
        2 => (who.clone(), 0..COUNTRIES.len()).prop_map(|(who, to)| Deed::Country(who, to)),
        2 => (who.clone(), 0_u8..3).prop_map(|(who, to)| Deed::Marry(who, to)),
        3 => who.clone().prop_map(Deed::Unassign),
        2 => who.clone().prop_map(Deed::Deactivate),
        1 => who.clone().prop_map(Deed::Suspend),
        1 => who.prop_map(Deed::Unsuspend),
        1 => Just(Deed::DropGroup),
        1 => (1_u32..4).prop_map(Deed::Repeat),
        1 => Just(Deed::NoObserver),
    ]
}

/// A world, with the Okta ids of whoever was ever hired.
struct Life {
    world: World,
    ids: BTreeMap<u32, String>,
}

impl Life {
    /// Some people are assigned and have accounts; Haiilo has others that are unmanaged. Nobody is deleted, and no limit stops anything.
    async fn begin(hired: u32) -> Self {
        let mut world = World::empty().await;
        world.okta_settings.page_size = 2;
        world.settings.page_size = 2;
        world.settings.concurrency = 1;
        world.settings.policy.leavers.deactivated = LeaverAction::Keep;
        world.settings.policy.limits = Limits::off();
        for stranger in [PEOPLE - 1, 40] {
            let by_hand = AccountSeed { user_name: format!("byhand{stranger}@example.org"), ..seed(&person(stranger)) };
            world.haiilo.state().add_account(by_hand);
        }
        let mut life = Self { world, ids: BTreeMap::new() };
        for n in 0..hired {
            life.act(&Deed::Hire(n));
        }
        life.world.sync_approved().await;
        life.world.full_cycle().await;
        life
    }

    /// Somebody who was hired and is not deactivated.
    fn working(&self, n: u32) -> Option<&String> {
        self.ids.get(&n).filter(|id| self.world.okta.state().status(id) != Some("DEPROVISIONED"))
    }

    fn set(&self, n: u32, key: &str, value: &str) {
        if let Some(id) = self.ids.get(&n) {
            self.world.okta.state().set_profile(id, key, json!(value));
        }
    }

    fn rename(&self, n: u32, to: &str) {
        let mut okta = self.world.okta.state();
        let is_free = okta.find(to).is_none();
        drop(okta);
        if let Some(id) = self.working(n).filter(|_| is_free) {
            okta = self.world.okta.state();
            okta.rename(id, to);
        }
    }

    fn in_okta(&self, n: u32, change: impl FnOnce(&mut Okta, &str)) {
        if let Some(id) = self.working(n) {
            change(&mut self.world.okta.state(), id);
        }
    }

    fn act(&mut self, deed: &Deed) {
        match *deed {
            Deed::Hire(n) if !self.ids.contains_key(&n) => {
                if self.world.okta.state().find(&person(n).email).is_none() {
                    let id = self.world.okta.state().hire(&person(n));
                    self.ids.insert(n, id);
                }
            }
            Deed::Hire(n) => {
                let id = &self.ids[&n];
                let mut okta = self.world.okta.state();
                if okta.status(id) == Some("DEPROVISIONED") {
                    okta.reactivate(id);
                }
                okta.assign(id);
            }
            Deed::Join(n) => self.in_okta(n, |okta, id| okta.assign_by_group(id, "Staff")),
            Deed::Rename(n, to) => self.rename(n, &format!("other{to}.{}", person(n).email)),
            Deed::TakeName(n, whose) => self.rename(n, &person(whose).email),
            Deed::TakeNumber(n, whose) => self.set(n, "employeeNumber", &person(whose).employee_number),
            Deed::City(n, to) => self.set(n, "city", &format!("Town {to}")),
            Deed::Country(n, to) => self.set(n, "countryCode", COUNTRIES[to]),
            Deed::Marry(n, to) => self.set(n, "lastName", &format!("Name {to}")),
            Deed::Unassign(n) => self.in_okta(n, Okta::unassign),
            Deed::Deactivate(n) => self.in_okta(n, Okta::deactivate),
            Deed::Suspend(n) => self.in_okta(n, Okta::suspend),
            Deed::Unsuspend(n) => self.in_okta(n, |okta, id| {
                if okta.status(id) == Some("SUSPENDED") {
                    okta.unsuspend(id);
                }
            }),
            Deed::DropGroup => {
                let mut okta = self.world.okta.state();
                if okta.group_id("Staff").is_some() {
                    okta.unassign_group("Staff");
                }
            }
            Deed::Repeat(n) => self.world.okta.state().log.repeat_next(n),
            Deed::NoObserver => self.world.okta.state().log.fan_out = FanOut::Silent,
        }
    }

    /// One poll, and the full cycle that it wants where that is to be run.
    async fn poll(&mut self, obedience: Obedience) {
        let full_cycle_reason = match self.world.poll().await {
            PollResult::Quiet => false,
            PollResult::Handled(looked) => looked.full_cycle_reason.is_some(),
            PollResult::FullCycle(_) => true,
            PollResult::Barred(failure) => panic!("{failure}"),
        };
        if full_cycle_reason && obedience == Obedience::Obeys {
            self.world.full_cycle().await;
        }
    }

    /// All accounts, each by what the mapping gives it.
    fn accounts(&self) -> BTreeSet<String> {
        let shown = |account: Account| {
            let name = |part: &str| account.text(&format!("name.{part}")).to_owned();
            let (given, family) = (name("givenName"), name("familyName"));
            format!("{} {given} {family} {} {}", account.user_name, account.group(), account.team())
        };
        self.world.haiilo.state().accounts().into_iter().map(shown).collect()
    }
}

/// One story in two worlds.
async fn tell(hired: u32, turns: Vec<Vec<Deed>>, obedience: Obedience) {
    let mut alone = Life::begin(hired).await;
    let mut polled = Life::begin(hired).await;
    assert_eq!(alone.accounts(), polled.accounts());
    for turn in &turns {
        // A person on hold keeps the account of that time. Who is put on hold between a poll that left them to the next full cycle and that
        // cycle has another account than full cycles give, or none. So nobody is put on hold while the worlds differ.
        let are_equal = obedience == Obedience::Obeys || alone.accounts() == polled.accounts();
        for deed in turn.iter().filter(|deed| are_equal || deed.holds_nobody()) {
            alone.act(deed);
            polled.act(deed);
        }
        alone.world.full_cycle().await;
        polled.poll(obedience).await;
    }
    polled.world.advance(SECOND_CHECK);
    polled.poll(obedience).await;
    let last = polled.world.full_cycle().await;
    if obedience == Obedience::Obeys {
        let left: Vec<_> = last.concluded.iter().filter(|one| one.operation.kind() != OperationKind::Adopt).collect();
        assert!(left.is_empty(), "left to the last full cycle: {left:#?}");
    }
    alone.world.full_cycle().await;
    assert_eq!(alone.accounts(), polled.accounts());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: length().cases.div_ceil(2), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn polls_and_a_full_cycle_give_what_full_cycles_alone_give(
        hired in 1..PEOPLE - 2,
        turns in vec(vec(deed(), 1..4), 1..10),
        obedience in prop_oneof![2 => Just(Obedience::Obeys), 1 => Just(Obedience::Waits)],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(tell(hired, turns, obedience));
    }
}
