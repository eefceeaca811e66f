//! The people of the simulated world.

use std::collections::HashSet;

use okta_haiilo_sim::people::person;

#[test]
fn a_person_is_the_same_in_every_run() {
    let ada = person(0);
    assert_eq!(ada, person(0));
    assert_ne!(ada, person(1));
    assert_eq!(ada.employee_number, "0000000");
}

#[test]
fn no_two_people_share_an_address_or_a_number() {
    let mut addresses = HashSet::new();
    let mut numbers = HashSet::new();
    for i in 0..200_000 {
        let person = person(i);
        assert!(person.email.is_ascii(), "{}", person.email);
        assert!(addresses.insert(person.email));
        assert!(numbers.insert(person.employee_number));
    }
}

#[test]
fn people_are_varied() {
    let people: Vec<_> = (0..5_000).map(person).collect();
    let distinct = |of: fn(&okta_haiilo_sim::people::Person) -> &'static str| -> usize {
        people.iter().map(of).collect::<HashSet<_>>().len()
    };
    assert_eq!(distinct(|person| person.given), 40);
    assert_eq!(distinct(|person| person.family), 60);
    assert_eq!(distinct(|person| person.city), 12);
    assert_eq!(distinct(|person| person.country_code), 6);
    assert_eq!(distinct(|person| person.department), 8);
    assert_eq!(distinct(|person| person.title), 8);
    assert!(people.iter().any(|person| person.family.contains('\'')));
    assert!(people.iter().any(|person| !person.given.is_ascii()));
}
