//! Snapshots: listings that were read completely.
//!
//! Only the types in this module make a snapshot. So there is no snapshot of a listing that failed, stopped early or looped. An Okta
//! listing is read along cursors ("Link header", core Okta API). A SCIM listing is read by index (RFC 7644, 3.4.2.4); its total must agree
//! with the rows received, or a second reading must give the same ids.

use crate::listing::cursor_guard::CursorGuard;
pub use crate::listing::pager::{Incomplete, PageRequest, Proof};
use crate::listing::pager::{PagedRows, ScimPager, ScimRow};
use crate::model::account::{Account, AccountRow};
use crate::model::group::HaiiloGroup;
use crate::model::ids::{HaiiloId, OktaUserId, UserName};
use crate::model::key_index::{KeyIndex, hash};
pub use crate::model::person::{Person, PersonState};

/// All people who are assigned to the application: a complete listing.
#[derive(Clone, Debug)]
pub struct AssignmentSnapshot {
    people: Vec<Person>,
    unreadable: usize,
    pages: usize,
}

impl AssignmentSnapshot {
    /// The people, in the order of their ids, each once.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// A person by id.
    pub fn get(&self, id: &OktaUserId) -> Option<&Person> {
        self.people.binary_search_by(|person| person.id.cmp(id)).ok().map(|at| &self.people[at])
    }

    /// Number of rows without a person.
    pub fn unreadable(&self) -> usize {
        self.unreadable
    }

    /// Pages read.
    pub fn pages(&self) -> usize {
        self.pages
    }

    /// People who were each read by id. The snapshot is complete only for them, so conclude nothing about other people.
    pub(crate) fn of_few(people: Vec<Person>) -> Self {
        AssignmentPager { people, ..AssignmentPager::default() }.snapshot()
    }
}

/// Reads along cursors, page by page.
#[derive(Debug, Default)]
pub struct AssignmentPager {
    people: Vec<Person>,
    unreadable: usize,
    cursor: CursorGuard,
}

impl AssignmentPager {
    /// Adds the next page: its people, the number of rows without a person, and the cursor of the page after it.
    pub fn take(&mut self, people: Vec<Person>, unreadable: usize, next: Option<&str>) -> Result<(), Incomplete> {
        self.people.extend(people);
        self.unreadable += unreadable;
        self.cursor.step(next)
    }

    /// The snapshot, if the last page was read.
    pub fn finish(self) -> Result<AssignmentSnapshot, Incomplete> {
        self.cursor.end().map(|()| self.snapshot())
    }

    fn snapshot(self) -> AssignmentSnapshot {
        let Self { mut people, unreadable, cursor } = self;
        people.sort_by(|left, right| left.id.cmp(&right.id));
        // Pages that shift while they are read show a row twice. That is harmless if both rows are equal.
        people.dedup_by(|later, earlier| {
            let twice = later.id == earlier.id;
            if twice && later.state != earlier.state {
                earlier.state = PersonState::Contradiction(earlier.state.user_name().cloned());
            }
            twice
        });
        people.shrink_to_fit();
        AssignmentSnapshot { people, unreadable, pages: cursor.pages() }
    }
}

/// All accounts that Haiilo shows.
#[derive(Clone, Debug)]
pub struct AccountSnapshot {
    accounts: Vec<Account>,
    by_id: KeyIndex,
    by_name: KeyIndex,
    proof: Proof,
    pages: usize,
}

impl AccountSnapshot {
    /// The accounts, in the order of their ids, each once.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The position of an account.
    pub fn position(&self, id: &HaiiloId) -> Option<usize> {
        self.by_id.candidates(hash(id.as_str())).find(|at| self.accounts[*at].id == *id)
    }

    /// An account.
    pub fn get(&self, id: &HaiiloId) -> Option<&Account> {
        self.position(id).map(|at| &self.accounts[at])
    }

    /// The positions of all accounts with this userName.
    pub fn named(&self, name: &UserName) -> Vec<usize> {
        let candidates = self.by_name.candidates(name.key_hash());
        let is_named = |at: &usize| self.accounts[*at].user_name.as_ref().is_some_and(|found| found.same_as(name));
        let mut named: Vec<usize> = candidates.filter(is_named).collect();
        named.sort_unstable();
        named
    }

    /// Whether the listing is complete.
    pub fn proof(&self) -> &Proof {
        &self.proof
    }

    /// Pages read.
    pub fn pages(&self) -> usize {
        self.pages
    }

    /// Accounts that were each read by id or found by name. The snapshot is complete only for them, so conclude nothing about other
    /// accounts.
    pub(crate) fn of_few(accounts: Vec<Account>) -> Self {
        Self::arrange(accounts, Proof::Agreed, 0)
    }

    fn arrange(mut accounts: Vec<Account>, proof: Proof, pages: usize) -> Self {
        // The ids are spread over the memory. Sorting by a cached prefix avoids most reads of the full ids.
        accounts.sort_by_cached_key(|account| beginning(account.id.as_str()));
        accounts.sort_by(|left, right| left.id.cmp(&right.id));
        accounts.dedup_by(|later, earlier| later.id == earlier.id);
        accounts.shrink_to_fit();
        let by_id = accounts.iter().map(|account| Some(hash(account.id.as_str()))).collect();
        let by_name = accounts.iter().map(|account| Some(account.user_name.as_ref()?.key_hash())).collect();
        Self { accounts, by_id, by_name, proof, pages }
    }
}

/// One page of a SCIM listing.
#[derive(Clone, Debug)]
pub struct AccountPage {
    /// The rows.
    pub rows: Vec<AccountRow>,
    /// `totalResults`, where the server sent it.
    pub total: Option<u64>,
}

impl ScimRow for Account {
    const WHAT: &'static str = "users";

    fn id(&self) -> &str {
        self.id.as_str()
    }
}

impl ScimRow for HaiiloGroup {
    const WHAT: &'static str = "groups";

    fn id(&self) -> &str {
        self.id.as_str()
    }
}

/// Reads a listing of accounts.
pub type AccountPager = ScimPager<Account>;

impl ScimPager<Account> {
    /// Adds a requested page.
    pub fn take(&mut self, request: PageRequest, page: AccountPage) -> Result<(), Incomplete> {
        let AccountPage { rows, total } = page;
        let rows = rows.into_iter().map(|row| match row {
            AccountRow::Account(account) => Some(account),
            AccountRow::Unreadable => None,
        });
        self.take_rows(request, rows, total)
    }

    /// The snapshot, after no more pages are needed.
    pub fn finish(self) -> Result<AccountSnapshot, Incomplete> {
        let PagedRows { rows, proof, pages } = self.listed_rows()?;
        Ok(AccountSnapshot::arrange(rows, proof, pages))
    }
}

/// The first bytes of a text as a number that sorts like the text.
fn beginning(text: &str) -> u128 {
    let mut bytes = [0; 16];
    let length = text.len().min(bytes.len());
    bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
    u128::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::{
        AccountPage, AccountPager, AccountSnapshot, AssignmentPager, Incomplete, PageRequest, Person, PersonState,
        Proof,
    };
    use crate::model::account::{Account, AccountRow, Activity};
    use crate::model::ids::{HaiiloId, OktaUserId, UserName};

    fn person(id: &str, state: PersonState) -> Person {
        Person { id: OktaUserId::new(id), state }
    }

    #[test]
    fn a_listing_that_was_not_read_to_its_end_is_no_snapshot() {
        let mut pager = AssignmentPager::default();
        pager.take(vec![person("a", PersonState::Left)], 0, Some("page 2")).expect("a page");
        assert_eq!(pager.finish().expect_err("no end"), Incomplete::CutShort);
        assert_eq!(AssignmentPager::default().finish().expect_err("no page"), Incomplete::CutShort);
    }

    #[test]
    fn a_listing_that_goes_in_circles_is_no_snapshot() {
        let mut pager = AssignmentPager::default();
        pager.take(Vec::new(), 0, Some("page 2")).expect("a page");
        pager.take(Vec::new(), 0, Some("page 3")).expect("a page");
        assert_eq!(pager.take(Vec::new(), 0, Some("page 2")), Err(Incomplete::Circle { page: 3 }));
    }

    #[test]
    fn a_total_beyond_belief_is_not_believed() {
        for total in [5_000_000, u64::MAX] {
            let (snapshot, pages) =
                pager(2, |_, _| AccountPage { rows: vec![account(1), account(2)], total: Some(total) });
            assert_eq!((snapshot.map(|_| ()), pages), (Err(Incomplete::Endless), 1));
        }
    }

    #[test]
    fn a_person_who_is_listed_twice_is_one_person_or_a_contradiction() {
        let mut pager = AssignmentPager::default();
        let rows =
            vec![person("b", PersonState::Left), person("a", PersonState::Left), person("c", PersonState::Staged)];
        pager.take(rows, 1, Some("page 2")).expect("a page");
        pager.take(vec![person("a", PersonState::Staged), person("b", PersonState::Left)], 0, None).expect("a page");
        let snapshot = pager.finish().expect("complete");
        let states: Vec<_> =
            snapshot.people().iter().map(|person| (person.id.as_str(), person.state.clone())).collect();
        let expected = [("a", PersonState::Contradiction(None)), ("b", PersonState::Left), ("c", PersonState::Staged)];
        assert_eq!(states, expected);
        assert_eq!((snapshot.unreadable(), snapshot.pages()), (1, 2));
        assert_eq!(snapshot.get(&OktaUserId::new("c")).map(|person| &person.state), Some(&PersonState::Staged));
    }

    fn account(n: u64) -> AccountRow {
        AccountRow::Account(Account {
            id: HaiiloId::new(format!("{n:04}")),
            user_name: Some(UserName::new(format!("P{}@x", n / 2))),
            activity: Activity::Active,
            values: Box::default(),
            without_element: 0,
        })
    }

    /// A server: a function from a page request and its number to a page.
    fn pager(
        count: u32,
        mut page: impl FnMut(PageRequest, usize) -> AccountPage,
    ) -> (Result<AccountSnapshot, Incomplete>, usize) {
        let mut pager = AccountPager::new(count);
        let mut read = 0;
        loop {
            let mut requests = match pager.wanted() {
                Ok(requests) => requests,
                Err(error) => return (Err(error), read),
            };
            if requests.is_empty() {
                return (pager.finish(), read);
            }
            // Answers arrive in any order.
            requests.reverse();
            for request in requests {
                read += 1;
                if let Err(error) = pager.take(request, page(request, read)) {
                    return (Err(error), read);
                }
            }
        }
    }

    fn rows(all: u64, start: u64, count: u64) -> Vec<AccountRow> {
        (start..(start + count).min(all + 1)).map(account).collect()
    }

    #[track_caller]
    fn check(all: u64, count: u32, read: usize, proven: &Proof, page: impl FnMut(PageRequest, usize) -> AccountPage) {
        let (snapshot, asked) = pager(count, page);
        let snapshot = snapshot.expect("a snapshot");
        assert_eq!((snapshot.accounts().len() as u64, snapshot.proof(), asked), (all, proven, read));
    }

    #[test]
    fn an_honest_server_costs_one_page_more_than_its_rows() {
        for (all, pages) in [(0, 1), (1, 2), (99, 2), (100, 2), (101, 3), (1_000, 11), (1_001, 12)] {
            check(all, 100, pages, &Proof::Agreed, |request, _| AccountPage {
                rows: rows(all, request.start, u64::from(request.count)),
                total: Some(all),
            });
        }
    }

    #[test]
    fn smaller_pages_than_asked_are_followed() {
        check(250, 100, 6, &Proof::Agreed, |request, _| AccountPage {
            rows: rows(250, request.start, u64::from(request.count).min(50)),
            total: Some(250),
        });
        // One accidentally short page does not make all pages small.
        check(1_000, 100, 12, &Proof::Agreed, |request, n| AccountPage {
            rows: rows(1_000, request.start, if n == 1 { 7 } else { u64::from(request.count) }),
            total: Some(1_000),
        });
        check(1_000, 100, 12, &Proof::Agreed, |request, n| AccountPage {
            rows: rows(1_000, request.start, if n == 5 { 7 } else { u64::from(request.count) }),
            total: Some(1_000),
        });
    }

    #[test]
    fn a_total_that_lies_or_is_missing_is_no_obstacle_when_a_second_reading_agrees() {
        for total in [None, Some(100), Some(150), Some(400)] {
            let (snapshot, _) = pager(100, |request, _| AccountPage {
                rows: rows(250, request.start, u64::from(request.count)),
                total,
            });
            let snapshot = snapshot.expect("a snapshot");
            assert_eq!((snapshot.accounts().len(), snapshot.proof()), (250, &Proof::Agreed), "total {total:?}");
        }
    }

    #[test]
    fn a_total_that_is_cut_to_the_page_does_not_hide_the_rest() {
        check(250, 100, 12, &Proof::Agreed, |request, _| {
            let rows = rows(250, request.start, u64::from(request.count).min(50));
            AccountPage { total: Some(rows.len() as u64), rows }
        });
    }

    #[test]
    fn the_first_rows_again_behind_the_end_are_the_end() {
        check(200, 100, 3, &Proof::Agreed, |request, _| {
            let start = if request.start > 200 { 1 } else { request.start };
            AccountPage { rows: rows(200, start, u64::from(request.count)), total: Some(200) }
        });
    }

    #[test]
    fn a_server_that_always_answers_the_same_page_is_not_believed() {
        let (snapshot, _) = pager(100, |_, _| AccountPage { rows: rows(500, 1, 100), total: Some(500) });
        let snapshot = snapshot.expect("a snapshot");
        assert_eq!(snapshot.accounts().len(), 100);
        assert!(matches!(snapshot.proof(), Proof::Doubtful(_)), "{:?}", snapshot.proof());
        let (snapshot, _) = pager(100, |_, _| AccountPage { rows: rows(500, 1, 100), total: None });
        assert!(matches!(snapshot.expect("a snapshot").proof(), Proof::Doubtful(_)));
    }

    #[test]
    fn rows_that_come_and_go_during_the_reading_make_it_doubtful() {
        let (snapshot, _) = pager(100, |request, n| {
            // After the first page of the first pass the first account is deleted, so each later row moves up by one.
            let shift = u64::from(n > 1);
            AccountPage { rows: rows(300, request.start + shift, u64::from(request.count)), total: Some(300 - shift) }
        });
        let snapshot = snapshot.expect("a snapshot");
        assert!(matches!(snapshot.proof(), Proof::Doubtful(_)), "{:?}", snapshot.proof());
        assert_eq!(snapshot.accounts().len(), 300);
    }

    #[test]
    fn an_empty_page_in_the_middle_is_doubtful() {
        let (snapshot, _) = pager(100, |request, n| AccountPage {
            rows: if n == 3 { Vec::new() } else { rows(500, request.start, u64::from(request.count)) },
            total: Some(500),
        });
        assert!(matches!(snapshot.expect("a snapshot").proof(), Proof::Doubtful(_)));
    }

    #[test]
    fn rows_that_cannot_be_read_are_doubtful() {
        let (snapshot, _) = pager(100, |request, _| {
            let mut rows = rows(100, request.start, u64::from(request.count));
            if let Some(row) = rows.first_mut() {
                *row = AccountRow::Unreadable;
            }
            AccountPage { rows, total: Some(100) }
        });
        let snapshot = snapshot.expect("a snapshot");
        assert_eq!(snapshot.proof(), &Proof::Doubtful("1 of Haiilo's users could not be read".to_owned()));
    }

    #[test]
    fn a_total_without_rows_is_an_error_and_nothing_at_all_is_empty() {
        let nothing = |total| pager(100, move |_, _| AccountPage { rows: Vec::new(), total }).0;
        assert_eq!(nothing(Some(500)).expect_err("no rows"), Incomplete::NoRows { what: "users", total: 500 });
        for total in [None, Some(0)] {
            let snapshot = nothing(total).expect("a snapshot");
            assert_eq!((snapshot.accounts().len(), snapshot.proof()), (0, &Proof::Agreed));
        }
    }

    #[test]
    fn accounts_are_found_by_name_without_case() {
        let (snapshot, _) = pager(100, |request, _| AccountPage { rows: rows(9, request.start, 100), total: Some(9) });
        let snapshot = snapshot.expect("a snapshot");
        assert_eq!(snapshot.named(&UserName::new("p1@X")), [1, 2]);
        assert!(snapshot.named(&UserName::new("p7@x")).is_empty());
        assert_eq!(snapshot.position(&HaiiloId::new("0003")), Some(2));
    }
}
