//! References: attributes that name another person, such as a manager. Okta holds a text of the customer's choice. Haiilo accepts the id of
//! an account.

use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::listing::snapshot::PersonState;
use crate::model::ids::{EmployeeNumber, HaiiloId, OktaUserId, UserName};
use crate::model::link::Links;
use crate::planning::input::PlanInput;

/// All people who have an account, by the texts that may name them.
#[derive(Clone, Debug)]
pub struct References<'a> {
    links: &'a Links,
    /// By the userName last seen, and by the wanted userName. A name that several people share names none of them.
    names: BTreeMap<CompactString, Option<&'a HaiiloId>>,
    /// By the employee number of assigned people.
    employees: BTreeMap<EmployeeNumber, Option<&'a HaiiloId>>,
}

impl<'a> References<'a> {
    /// The references from the links and the people of one plan.
    pub fn of(input: &'a PlanInput<'a>) -> Self {
        let links = &input.state.links;
        let (mut names, mut employees) = (BTreeMap::new(), BTreeMap::new());
        for link in links {
            note(&mut names, link.user_name.key(), &link.haiilo_id);
        }
        for person in input.people.people() {
            let (PersonState::Wanted(desired), Some(link)) = (&person.state, links.of_person(&person.id)) else {
                continue;
            };
            note(&mut names, desired.user_name.key(), &link.haiilo_id);
            if let Some(number) = desired.employee {
                note(&mut employees, number, &link.haiilo_id);
            }
        }
        Self { links, names, employees }
    }

    /// The account of the named person: by Okta id, then by userName, then by employee number.
    pub fn account(&self, named: &str) -> Option<&'a HaiiloId> {
        let named = named.trim();
        if let Some(link) = self.links.of_person(&OktaUserId::new(named)) {
            return Some(&link.haiilo_id);
        }
        if let Some(found) = self.names.get(&UserName::new(named).key()) {
            return *found;
        }
        self.employees.get(&EmployeeNumber::of(named)?).copied().flatten()
    }
}

fn note<'a, K: Ord>(known: &mut BTreeMap<K, Option<&'a HaiiloId>>, key: K, id: &'a HaiiloId) {
    known.entry(key).and_modify(|found| *found = found.filter(|found| *found == id)).or_insert(Some(id));
}
