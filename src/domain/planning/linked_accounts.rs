//! Which linked account Haiilo shows, and which shown account is linked. Computed once, because each step of a plan needs it.

use crate::listing::snapshot::AccountSnapshot;
use crate::model::account::Account;
use crate::model::ids::OktaUserId;
use crate::model::link::{Link, Links};

/// The links and the accounts of one plan, with their pairs.
#[derive(Clone, Debug)]
pub struct LinkedAccounts<'a> {
    links: &'a Links,
    accounts: &'a AccountSnapshot,
    /// For each link, the position of its account.
    shown: Vec<Option<usize>>,
    /// For each account, whether a link names it.
    linked: Vec<bool>,
}

impl<'a> LinkedAccounts<'a> {
    /// Finds the account of each link.
    pub fn of(links: &'a Links, accounts: &'a AccountSnapshot) -> Self {
        let shown: Vec<Option<usize>> = links.iter().map(|link| accounts.position(&link.haiilo_id)).collect();
        let mut linked = vec![false; accounts.accounts().len()];
        for at in shown.iter().flatten() {
            linked[*at] = true;
        }
        Self { links, accounts, shown, linked }
    }

    /// Finds links of people who come in the order of their ids, which is also the order of the links.
    pub fn in_turn(&self) -> LinkCursor<'_, 'a> {
        LinkCursor { owners: self, at: 0 }
    }

    /// All links, each with its account where Haiilo shows it.
    pub fn pairs(&self) -> impl Iterator<Item = (&'a Link, Option<&'a Account>)> {
        (0..self.shown.len()).map(|at| self.pair(at))
    }

    /// The accounts that no link names.
    pub fn unlinked(&self) -> impl Iterator<Item = &'a Account> {
        self.accounts.accounts().iter().zip(&self.linked).filter(|(_, linked)| !**linked).map(|(account, _)| account)
    }

    fn pair(&self, at: usize) -> (&'a Link, Option<&'a Account>) {
        (self.links.at(at), self.shown[at].map(|at| &self.accounts.accounts()[at]))
    }
}

/// A position in the links, for one pass over links and people together.
#[derive(Debug)]
pub struct LinkCursor<'o, 'a> {
    owners: &'o LinkedAccounts<'a>,
    at: usize,
}

impl<'a> LinkCursor<'_, 'a> {
    /// The link of a person, with the account where Haiilo shows it. The person must come after the people of earlier calls.
    pub fn of_person(&mut self, id: &OktaUserId) -> Option<(&'a Link, Option<&'a Account>)> {
        let links = self.owners.links;
        while self.at < links.len() && links.at(self.at).okta_id < *id {
            self.at += 1;
        }
        (self.at < links.len() && links.at(self.at).okta_id == *id).then(|| self.owners.pair(self.at))
    }
}
