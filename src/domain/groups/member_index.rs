//! The member index of a cycle: each person who is assigned or linked, with an index, and whether their memberships may change.
//!
//! The index comes from the plan about people. People who are held, out of scope or unlisted keep their memberships and get no new ones.

use std::collections::BTreeSet;

use crate::listing::snapshot::{AccountSnapshot, AssignmentSnapshot, PersonState};
use crate::model::group::PersonIndex;
use crate::model::ids::{HaiiloId, OktaUserId, UserName};
use crate::model::link::Links;
use crate::plan::cycle_plan::Plan;
use crate::plan::group_operation::MemberPerson;
use crate::plan::operation::{Action, OperationKind};

/// No position.
const NONE: u32 = u32::MAX;

/// All people who are assigned or linked.
#[derive(Clone, Debug)]
pub struct MemberIndex<'a> {
    people: &'a AssignmentSnapshot,
    accounts: &'a AccountSnapshot,
    links: &'a Links,
    /// In the order of the Okta ids.
    rows: Vec<IndexRow>,
    /// For each account, the index of the person who has it.
    by_account: Vec<u32>,
}

/// One person.
#[derive(Clone, Copy, Debug)]
struct IndexRow {
    /// Position among the assigned people.
    person: u32,
    /// Position among the links.
    link: u32,
    freedom: MembershipRule,
}

/// Whether memberships of a person may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MembershipRule {
    /// They follow Okta.
    Free,
    /// They stay as they are: it is not certain what is right.
    Kept,
}

impl<'a> MemberIndex<'a> {
    /// Gives each person an index. `plan` is the plan about people.
    pub fn of(people: &'a AssignmentSnapshot, accounts: &'a AccountSnapshot, links: &'a Links, plan: &Plan) -> Self {
        let mut member_index = Self {
            people,
            accounts,
            links,
            rows: Vec::with_capacity(people.people().len().max(links.len())),
            by_account: vec![NONE; accounts.accounts().len()],
        };
        member_index.fill(plan);
        member_index
    }

    fn fill(&mut self, plan: &Plan) {
        let held: BTreeSet<&OktaUserId> = plan.findings.held.iter().map(|held| &held.okta_id).collect();
        let coming: BTreeSet<&OktaUserId> = plan
            .operations
            .iter()
            .filter(|operation| matches!(operation.kind(), OperationKind::Adopt | OperationKind::Create))
            .map(|operation| &operation.okta_id)
            .collect();
        let (people, links) = (self.people.people(), self.links);
        let (mut at_person, mut at_link) = (0, 0);
        while at_person < people.len() || at_link < links.len() {
            let person = people.get(at_person);
            let link = (at_link < links.len()).then(|| links.at(at_link));
            let id = match (person, link) {
                (Some(person), Some(link)) => (&person.id).min(&link.okta_id),
                (Some(person), None) => &person.id,
                (None, Some(link)) => &link.okta_id,
                (None, None) => break,
            };
            let person = person.filter(|person| person.id == *id);
            let link = link.filter(|link| link.okta_id == *id);
            let account = link.and_then(|link| self.accounts.position(&link.haiilo_id));
            if let Some(account) = account {
                self.by_account[account] = number(self.rows.len());
            }
            let is_wanted = person.is_some_and(|person| matches!(person.state, PersonState::Wanted(_)));
            let has_account = account.is_some() || coming.contains(id);
            let freedom = if is_wanted && has_account && !held.contains(id) {
                MembershipRule::Free
            } else {
                MembershipRule::Kept
            };
            self.rows.push(IndexRow {
                person: person.map_or(NONE, |_| number(at_person)),
                link: link.map_or(NONE, |_| number(at_link)),
                freedom,
            });
            at_person += usize::from(person.is_some());
            at_link += usize::from(link.is_some());
        }
        self.index_adopted(plan);
    }

    /// An account that is adopted in this cycle already belongs to its person.
    fn index_adopted(&mut self, plan: &Plan) {
        for operation in &plan.operations {
            if let Action::Adopt { haiilo_id, .. } = &operation.action
                && let (Some(index), Some(account)) =
                    (self.of_person(&operation.okta_id), self.accounts.position(haiilo_id))
            {
                self.by_account[account] = index.0;
            }
        }
    }

    /// The index of a person.
    pub fn of_person(&self, id: &OktaUserId) -> Option<PersonIndex> {
        self.rows.binary_search_by(|row| self.id(*row).cmp(id)).ok().map(|at| PersonIndex(number(at)))
    }

    /// The index of the person who has an account.
    pub fn of_account(&self, id: &str) -> Option<PersonIndex> {
        let at = self.accounts.position(&HaiiloId::new(id))?;
        Some(self.by_account[at]).filter(|index| *index != NONE).map(PersonIndex)
    }

    /// Whether memberships of a person may change.
    pub fn freedom(&self, index: PersonIndex) -> MembershipRule {
        self.rows[index.0 as usize].freedom
    }

    /// The person at a position, for readers.
    pub fn who(&self, index: PersonIndex) -> MemberPerson {
        let row = self.rows[index.0 as usize];
        let wanted = self.people.people().get(row.person as usize).and_then(|person| person.state.user_name());
        let linked = (row.link != NONE).then(|| &self.links.at(row.link as usize).user_name);
        let okta_id = self.id(row).clone();
        let user_name = wanted.or(linked).cloned().unwrap_or_else(|| UserName::new(okta_id.as_str()));
        MemberPerson { okta_id, user_name }
    }

    fn id(&self, row: IndexRow) -> &OktaUserId {
        if row.person == NONE {
            &self.links.at(row.link as usize).okta_id
        } else {
            &self.people.people()[row.person as usize].id
        }
    }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).ok().filter(|number| *number != NONE).expect("nobody has four billion people")
}
