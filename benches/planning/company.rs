//! A company of any size, as both sides would show it: pages of JSON, what the program reads from them, and the pure part of a cycle over it.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{DateTime, TimeDelta};
use okta_haiilo_sim::haiilo::{GROUPS, OWNER};
use okta_haiilo_sim::people::person;
use okta_haiilo_sync::domain::listing::snapshot::{
    AccountPage, AccountPager, AccountSnapshot, AssignmentPager, AssignmentSnapshot, Person, PersonState,
};
use okta_haiilo_sync::domain::mapping::{AttributeKind, Mapper, Mapping, MappingSpec, On, RuleSpec, WhenEmpty};
use okta_haiilo_sync::domain::model::account::AccountRow;
use okta_haiilo_sync::domain::model::assignment::{Assignment, StagedRule, StatusRules, SuspendedRule};
use okta_haiilo_sync::domain::model::ids::{Fingerprint, HaiiloId, OktaUserId, UserName};
use okta_haiilo_sync::domain::model::limit::Limits;
use okta_haiilo_sync::domain::model::link::{Link, Links, Listed, Origin};
use okta_haiilo_sync::domain::model::policy::{
    AdoptedRule, Deprovision, LeaverAction, LeaverRules, MissingRule, Policy, Product, Protected,
};
use okta_haiilo_sync::domain::plan::cycle_plan::CyclePlan;
use okta_haiilo_sync::domain::planning::correlate::{Correlation, correlate};
use okta_haiilo_sync::domain::planning::diff::assemble;
use okta_haiilo_sync::domain::planning::input::{ClockAgreement, Clocks, PlanInput};
use okta_haiilo_sync::domain::planning::leaver_decision::LeaverDecisions;
use okta_haiilo_sync::domain::planning::limits::{self, AbsenceRule, LimitCheck};
use okta_haiilo_sync::domain::planning::linked_accounts::LinkedAccounts;
use okta_haiilo_sync::domain::scim::path::AttributePath;
use okta_haiilo_sync::domain::scim::value::Compare;
use okta_haiilo_sync::domain::state::sync_state::{FirstRun, SyncState};
use okta_haiilo_sync::haiilo::Shape;
use okta_haiilo_sync::okta;
use serde_json::{Value, json};

/// Every so many people have moved to another city.
const MOVED: u32 = 100;

/// A page of Okta's listing.
pub(crate) fn assignments_page(people: Range<u32>) -> Vec<u8> {
    let row = |n: u32| {
        let who = person(n);
        json!({
            "id": okta_id(n), "status": "ACTIVE", "scope": "USER", "syncState": "DISABLED",
            "created": "2024-05-28T07:11:48.000Z", "lastUpdated": "2026-05-28T07:11:48.000Z",
            "credentials": { "userName": who.email },
            "profile": { "email": who.email },
            "_embedded": { "user": {
                "id": okta_id(n), "status": "ACTIVE", "created": "2024-05-28T07:11:48.000Z",
                "profile": {
                    "login": who.email, "email": who.email, "firstName": who.given, "lastName": who.family,
                    "city": if n.is_multiple_of(MOVED) { "Elsewhere" } else { who.city }, "countryCode": who.country_code,
                    "department": who.department, "title": who.title, "employeeNumber": who.employee_number,
                    "mobilePhone": null, "secondEmail": null,
                },
            } },
        })
    };
    serde_json::to_vec(&people.map(row).collect::<Vec<Value>>()).expect("plain data")
}

/// A page of Haiilo's listing.
pub(crate) fn accounts_page(people: Range<u32>, total: u32) -> Vec<u8> {
    let groups: BTreeMap<&str, &str> = GROUPS.into_iter().collect();
    let row = |n: u32| {
        let who = person(n);
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": haiilo_id(n), "userName": who.email, "active": true,
            "name": { "givenName": who.given, "familyName": who.family },
            "displayName": format!("{} {}", who.given, who.family),
            "emails": [{ "value": who.email, "type": "work", "primary": true }],
            "addresses": [{ "type": "work", "country": groups.get(who.country_code), "locality": who.city }],
            "meta": { "resourceType": "User", "created": "2024-05-28T07:11:48Z" },
        })
    };
    let rows: Vec<Value> = people.map(row).collect();
    let page = json!({ "totalResults": total, "itemsPerPage": rows.len(), "startIndex": 1, "Resources": rows });
    serde_json::to_vec(&page).expect("plain data")
}

pub(crate) fn okta_id(n: u32) -> String {
    format!("00u{n:014}abc")
}

/// Ids of accounts say nothing about the order of people.
fn haiilo_id(n: u32) -> String {
    format!("{:08x}-7c1e-4b7a-9d52-{n:012x}", n.wrapping_mul(2_654_435_761))
}

pub(crate) fn mapping() -> Mapping {
    let rule = |path: &str, value: &str, compare, kind| RuleSpec {
        path: AttributePath::parse(path).expect("a path"),
        value: value.to_owned(),
        compare,
        on: On::CreateAndUpdate,
        when_empty: WhenEmpty::Leave,
        kind,
    };
    let work = |name: &str| format!("addresses[type eq \"work\"].{name}");
    let groups = GROUPS.map(|(code, name)| (code.to_owned(), name.to_owned()));
    Mapping::new(MappingSpec {
        rules: vec![
            rule("userName", "assignment.user_name or user.email", Compare::IgnoreCase, AttributeKind::Text),
            rule("name.givenName", "user.firstName", Compare::Exact, AttributeKind::Text),
            rule("name.familyName", "user.lastName", Compare::Exact, AttributeKind::Text),
            rule(&work("country"), "user.countryCode | lookup('groups')", Compare::Exact, AttributeKind::Group),
            rule(&work("locality"), "user.city | trim", Compare::IgnoreCase, AttributeKind::Team),
        ],
        tables: BTreeMap::from([("groups".to_owned(), groups.into_iter().collect())]),
        include: None,
        employee_number: Some("employeeNumber".into()),
    })
    .expect("a mapping")
}

fn policy() -> Policy {
    Policy {
        product: Product::Advocacy,
        statuses: StatusRules { suspended: SuspendedRule::Keep, staged: StagedRule::Skip },
        missing: MissingRule::Hold,
        leavers: LeaverRules {
            deactivated: LeaverAction::Delete,
            unassigned: LeaverAction::Keep,
            adopted: AdoptedRule::Keep,
            grace: TimeDelta::days(30),
        },
        protected: Protected::new(["*@haiilo.com".to_owned()]).expect("a pattern"),
        deprovision: Deprovision::Delete,
        token_owner: Some(UserName::new(OWNER)),
        limits: Limits::usual(),
    }
}

/// What a cycle has read, before anything is made of it.
pub(crate) struct Company {
    pub(crate) size: u32,
    pub(crate) mapping: Mapping,
    pub(crate) policy: Policy,
    pub(crate) state: SyncState,
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) accounts: Vec<AccountRow>,
}

impl Company {
    /// So many people, all of whom have a linked account.
    pub(crate) fn of(size: u32) -> Self {
        let mapping = mapping();
        let (wanted, shape) = (mapping.wanted(), Shape::of(&mapping));
        let (mut assignments, mut accounts) = (Vec::new(), Vec::new());
        for first in (0..size).step_by(500) {
            let page = first..size.min(first + 500);
            assignments.extend(okta::read_rows(&assignments_page(page.clone()), &wanted).expect("rows").assignments);
            accounts.extend(shape.read_page(&accounts_page(page, size)).expect("rows").rows);
        }
        let link = |n: u32| Link {
            okta_id: OktaUserId::new(okta_id(n)),
            haiilo_id: HaiiloId::new(haiilo_id(n)),
            user_name: UserName::new(person(n).email),
            origin: Origin::Created,
            listed: Listed::Seen,
            missing: None,
        };
        let links: Links = (0..size).map(link).collect();
        let state = SyncState { links, first_run: FirstRun::Done, ..SyncState::default() };
        Self { size, mapping, policy: policy(), state, assignments, accounts }
    }

    /// Maps everybody, and sorts both listings.
    pub(crate) fn snapshots(&mut self) -> (AssignmentSnapshot, AccountSnapshot) {
        let mut mapper = Mapper::new(&self.mapping);
        let mut person = |row: Assignment| {
            let id = row.id.clone();
            match mapper.map(row) {
                Ok(Some(desired)) => Person { id, state: PersonState::Wanted(desired) },
                Ok(None) => Person { id, state: PersonState::OutOfScope },
                Err(doubt) => Person { id, state: PersonState::Unmapped(doubt) },
            }
        };
        let mut walk = AssignmentPager::default();
        let people = std::mem::take(&mut self.assignments).into_iter().map(&mut person).collect();
        walk.take(people, 0, None).expect("a page");
        let mut accounts = AccountPager::new(self.size);
        let first = accounts.wanted().expect("the first page")[0];
        let rows = std::mem::take(&mut self.accounts);
        accounts.take(first, AccountPage { rows, total: Some(self.size.into()) }).expect("a page");
        while let Some(request) = accounts.wanted().expect("the end").first() {
            let end = AccountPage { rows: Vec::new(), total: Some(self.size.into()) };
            accounts.take(*request, end).expect("an empty page");
        }
        (walk.finish().expect("a snapshot"), accounts.finish().expect("a snapshot"))
    }

    pub(crate) fn input<'a>(&'a self, people: &'a AssignmentSnapshot, accounts: &'a AccountSnapshot) -> PlanInput<'a> {
        PlanInput {
            people,
            accounts,
            state: &self.state,
            policy: &self.policy,
            mapping: &self.mapping,
            now: DateTime::UNIX_EPOCH,
            clocks: Clocks { agreement: ClockAgreement::Agrees, start: DateTime::UNIX_EPOCH },
            leaver_rules: Fingerprint::of(&["rules"]),
            linked: LinkedAccounts::of(&self.state.links, accounts),
        }
    }

    /// The account of each person.
    pub(crate) fn correlate<'a>(input: &'a PlanInput<'a>) -> Correlation<'a> {
        correlate(input, &BTreeMap::new())
    }

    /// The plan, and what the limits say of it.
    pub(crate) fn plan(input: &PlanInput<'_>, correlation: Correlation<'_>) -> (CyclePlan, LimitCheck) {
        let people = assemble(input, correlation, LeaverDecisions::default());
        let plan = CyclePlan { people, ..CyclePlan::default() };
        let limit_check = limits::check(input, &plan, &Fingerprint::of(&["a mapping"]), None, AbsenceRule::Counted);
        (plan, limit_check)
    }

    /// How many people have moved.
    pub(crate) fn moved(&self) -> usize {
        self.size.div_ceil(MOVED) as usize
    }
}
