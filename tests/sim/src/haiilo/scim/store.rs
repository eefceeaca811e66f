//! The accounts: by number, by id, by user name, by `externalId`, and in every order that a list can have, none of it by searching. It
//! knows nothing of SCIM but `userName`, `id`, `externalId` and the orders of RFC 7644 3.4.2.3.
//!
//! Each account keeps the bytes of its last answer until it changes, since a listing of 100,000 accounts is mostly bytes that did not
//! change.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::haiilo::manner::{Ids, Order};
use crate::haiilo::scim::membership::Membership;
use crate::haiilo::scim::text::{Attributes, folded, text};

/// Where an account came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An admin made it in the user interface.
    Hand,
    /// A request made it.
    Scim,
}

/// Where an account shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Everywhere.
    Everywhere,
    /// By id and by look-up, but not in the list of all.
    NotListed,
    /// Nowhere: it waits for a seat, or it was deleted.
    Nowhere,
}

/// One account.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) attributes: Attributes,
    pub(crate) origin: Origin,
    pub(crate) seen: Seen,
    pub(crate) version: u64,
    pub(crate) created: String,
    pub(crate) modified: String,
    /// The groups that it is in; only in an intranet.
    pub(crate) groups: Vec<Arc<Membership>>,
    answer: Option<Bytes>,
}

impl Row {
    /// The `userName`.
    pub(crate) fn user_name(&self) -> &str {
        text(&self.attributes, "userName")
    }

    /// The `externalId`; empty when there is none.
    pub(crate) fn external_id(&self) -> &str {
        text(&self.attributes, "externalId")
    }
}

/// All accounts. Accounts are named by their number in the order of creation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    rows: Vec<Option<Row>>,
    by_id: HashMap<String, usize>,
    by_name: HashMap<String, Vec<usize>>,
    by_external_id: HashMap<String, Vec<usize>>,
    /// Those that are listed, oldest first.
    listed: Vec<usize>,
    /// The same by id as text; made when it is first asked for.
    by_id_as_text: Option<Vec<usize>>,
    ids: Option<Ids>,
}

/// The id of the account with this number.
fn id_of(number: usize, user_name: &str, ids: Ids) -> String {
    match ids {
        Ids::Integer => (97 + number).to_string(),
        Ids::Email => user_name.to_owned(),
        Ids::UuidLike => uuid(u64::try_from(number).expect("fewer accounts than that fit in memory")),
    }
}

/// What looks like a random UUID, and is the same for the same number in every run.
pub(crate) fn uuid(seed: u64) -> String {
    let (high, low) = (mixed(seed * 2 + 1), mixed(seed * 2 + 2));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// Takes a number off an index.
fn forget(index: &mut HashMap<String, Vec<usize>>, key: &str, number: usize) {
    if let Some(numbers) = index.get_mut(key) {
        numbers.retain(|other| *other != number);
        if numbers.is_empty() {
            index.remove(key);
        }
    }
}

/// Spreads a small number over 64 bits, always in the same way (the finisher of splitmix64).
fn mixed(seed: u64) -> u64 {
    let mut bits = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl Store {
    /// Takes an account in and gives its number.
    pub(crate) fn add(&mut self, attributes: Attributes, origin: Origin, seen: Seen, ids: Ids, now: &str) -> usize {
        let number = self.rows.len();
        let id = id_of(number, text(&attributes, "userName"), ids);
        self.rows.push(None);
        self.ids = Some(ids);
        self.put(
            number,
            Row {
                id,
                attributes,
                origin,
                seen,
                version: 1,
                created: now.to_owned(),
                modified: now.to_owned(),
                groups: Vec::new(),
                answer: None,
            },
        );
        number
    }

    /// Puts an account where its number says: a new one, or one that was removed.
    pub(crate) fn put(&mut self, number: usize, row: Row) {
        self.by_id.insert(row.id.clone(), number);
        self.by_name.entry(folded(row.user_name())).or_default().push(number);
        if !row.external_id().is_empty() {
            self.by_external_id.entry(row.external_id().to_owned()).or_default().push(number);
        }
        let seen = row.seen;
        self.rows[number] = Some(row);
        self.list(number, seen);
    }

    /// Removes an account.
    pub(crate) fn remove(&mut self, number: usize) -> Option<Row> {
        self.unlist(number);
        let row = self.rows.get_mut(number)?.take()?;
        self.by_id.remove(&row.id);
        forget(&mut self.by_name, &folded(row.user_name()), number);
        forget(&mut self.by_external_id, row.external_id(), number);
        Some(row)
    }

    /// Gives an account other attributes.
    pub(crate) fn change(&mut self, number: usize, attributes: Attributes, now: &str) {
        let Some(row) = self.rows.get_mut(number).and_then(Option::as_mut) else { return };
        let before = std::mem::replace(&mut row.attributes, attributes);
        row.version += 1;
        now.clone_into(&mut row.modified);
        row.answer = None;
        let (old, new) = (folded(text(&before, "userName")), folded(row.user_name()));
        if old != new {
            forget(&mut self.by_name, &old, number);
            self.by_name.entry(new).or_default().push(number);
        }
        let (old, new) = (text(&before, "externalId"), row.external_id());
        if old != new {
            forget(&mut self.by_external_id, old, number);
            if !new.is_empty() {
                self.by_external_id.entry(new.to_owned()).or_default().push(number);
            }
        }
    }

    /// Changes the groups of an account, which is no change of the account itself.
    pub(crate) fn regroup(&mut self, number: usize, change: impl FnOnce(&mut Vec<Arc<Membership>>)) {
        if let Some(row) = self.rows.get_mut(number).and_then(Option::as_mut) {
            change(&mut row.groups);
            row.answer = None;
        }
    }

    /// Shows an account elsewhere.
    pub(crate) fn show(&mut self, number: usize, seen: Seen) {
        self.unlist(number);
        if let Some(row) = self.rows.get_mut(number).and_then(Option::as_mut) {
            row.seen = seen;
            self.list(number, seen);
        }
    }

    fn list(&mut self, number: usize, seen: Seen) {
        if seen != Seen::Everywhere {
            return;
        }
        let at = self.listed.partition_point(|other| *other < number);
        self.listed.insert(at, number);
        if let Some(mut sorted) = self.by_id_as_text.take() {
            let at = sorted.partition_point(|other| self.id(*other) < self.id(number));
            sorted.insert(at, number);
            self.by_id_as_text = Some(sorted);
        }
    }

    fn unlist(&mut self, number: usize) {
        if let Ok(at) = self.listed.binary_search(&number) {
            self.listed.remove(at);
            if let Some(mut sorted) = self.by_id_as_text.take() {
                let at = sorted.partition_point(|other| self.id(*other) < self.id(number));
                sorted.remove(at);
                self.by_id_as_text = Some(sorted);
            }
        }
    }

    fn id(&self, number: usize) -> &str {
        self.row(number).map_or("", |row| &row.id)
    }

    /// The account with this number.
    pub(crate) fn row(&self, number: usize) -> Option<&Row> {
        self.rows.get(number)?.as_ref()
    }

    /// The number of the account with this id.
    pub(crate) fn by_id(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The numbers of the accounts with this user name, without case.
    pub(crate) fn by_name(&self, user_name: &str) -> &[usize] {
        self.by_name.get(&folded(user_name)).map_or(&[], Vec::as_slice)
    }

    /// The numbers of the accounts with this `externalId`, letter for letter.
    pub(crate) fn by_external_id(&self, external_id: &str) -> &[usize] {
        self.by_external_id.get(external_id).map_or(&[], Vec::as_slice)
    }

    /// How many accounts are listed.
    pub(crate) fn listed(&self) -> usize {
        self.listed.len()
    }

    /// A slice of the list in an order.
    pub(crate) fn slice(&mut self, order: Order, from: usize, take: usize) -> Vec<usize> {
        let end = from.saturating_add(take).min(self.listed.len());
        let from = from.min(end);
        match order {
            Order::Creation => self.listed[from..end].to_vec(),
            Order::NewestFirst => self.listed.iter().rev().skip(from).take(end - from).copied().collect(),
            Order::IdAsText => {
                if self.by_id_as_text.is_none() {
                    let mut sorted = self.listed.clone();
                    sorted.sort_by(|a, b| self.id(*a).cmp(self.id(*b)));
                    self.by_id_as_text = Some(sorted);
                }
                self.by_id_as_text.as_ref().map_or_else(Vec::new, |sorted| sorted[from..end].to_vec())
            }
        }
    }

    /// Sorts found accounts in an order.
    pub(crate) fn sort(&self, numbers: &mut [usize], order: Order) {
        match order {
            Order::Creation => numbers.sort_unstable(),
            Order::NewestFirst => numbers.sort_unstable_by(|a, b| b.cmp(a)),
            Order::IdAsText => numbers.sort_by(|a, b| self.id(*a).cmp(self.id(*b))),
        }
    }

    /// All accounts, oldest first, wherever they show.
    pub(crate) fn all(&self) -> impl Iterator<Item = (usize, &Row)> {
        self.rows.iter().enumerate().filter_map(|(number, row)| Some((number, row.as_ref()?)))
    }

    /// The bytes of an account's answer, made by `write` unless they are still good.
    pub(crate) fn answer(&mut self, number: usize, write: impl FnOnce(&Row) -> Bytes) -> Option<Bytes> {
        let row = self.rows.get_mut(number)?.as_mut()?;
        if row.answer.is_none() {
            row.answer = Some(write(row));
        }
        row.answer.clone()
    }

    /// Forgets all bytes: answers look different from now on.
    pub(crate) fn forget_answers(&mut self) {
        for row in self.rows.iter_mut().flatten() {
            row.answer = None;
        }
    }

    /// Gives every account an id of another kind.
    pub(crate) fn rename_ids(&mut self, ids: Ids) {
        if self.ids == Some(ids) {
            return;
        }
        self.ids = Some(ids);
        self.by_id.clear();
        self.by_id_as_text = None;
        for (number, row) in self.rows.iter_mut().enumerate() {
            if let Some(row) = row {
                row.id = id_of(number, text(&row.attributes, "userName"), ids);
                self.by_id.insert(row.id.clone(), number);
            }
        }
    }
}
