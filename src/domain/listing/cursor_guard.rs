//! Guards against bad cursors: a listing that loops or never ends is rejected.
//!
//! Follows "Link header" of core Okta API.

use std::collections::HashSet;

use crate::listing::pager::{Incomplete, MOST_PAGES};
use crate::model::group::{Members, MembersBuilder, OktaGroup, PersonIndex};
use crate::model::key_index::hash;

/// The pages of a reading so far.
#[derive(Debug, Default)]
pub(crate) struct CursorGuard {
    cursors: HashSet<u64>,
    pages: usize,
    ended: LastPage,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum LastPage {
    #[default]
    NotYet,
    Yes,
}

impl CursorGuard {
    /// Records a page and the cursor of the next one.
    pub(crate) fn step(&mut self, next: Option<&str>) -> Result<(), Incomplete> {
        self.pages += 1;
        let Some(cursor) = next else {
            self.ended = LastPage::Yes;
            return Ok(());
        };
        if !self.cursors.insert(hash(cursor)) {
            return Err(Incomplete::Circle { page: self.pages });
        }
        if self.pages == MOST_PAGES { Err(Incomplete::Endless) } else { Ok(()) }
    }

    /// Whether the last page was read.
    pub(crate) fn end(&self) -> Result<(), Incomplete> {
        if self.ended == LastPage::Yes { Ok(()) } else { Err(Incomplete::CutShort) }
    }

    /// Pages read.
    pub(crate) fn pages(&self) -> usize {
        self.pages
    }
}

/// Reads a listing of groups page by page.
#[derive(Debug, Default)]
pub struct GroupPager {
    cursor: CursorGuard,
    groups: Vec<OktaGroup>,
}

impl GroupPager {
    /// Adds the next page, and the cursor of the page after it. A row without an id may be any group, so the listing is not complete with
    /// such a row.
    pub fn take(&mut self, rows: Vec<Option<OktaGroup>>, next: Option<&str>) -> Result<(), Incomplete> {
        for row in rows {
            self.groups.push(row.ok_or(Incomplete::Nameless)?);
        }
        self.cursor.step(next)
    }

    /// The groups, if the last page was read.
    pub fn finish(self) -> Result<Vec<OktaGroup>, Incomplete> {
        self.cursor.end().map(|()| self.groups)
    }
}

/// Reads the members of one group page by page.
#[derive(Debug, Default)]
pub struct MemberPager {
    cursor: CursorGuard,
    gathering: MembersBuilder,
}

impl MemberPager {
    /// Adds the next page: each id with its index, where it has one, and the cursor of the page after it.
    pub fn take<'i>(
        &mut self,
        rows: impl IntoIterator<Item = Option<(Option<PersonIndex>, &'i str)>>,
        next: Option<&str>,
    ) -> Result<(), Incomplete> {
        for row in rows {
            let (index, id) = row.ok_or(Incomplete::Nameless)?;
            self.gathering.take(index, id);
        }
        self.cursor.step(next)
    }

    /// The members, if the last page was read.
    pub fn finish(self) -> Result<Members, Incomplete> {
        self.cursor.end().map(|()| self.gathering.finish())
    }
}
