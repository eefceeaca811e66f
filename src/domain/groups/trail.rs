//! Walks along the pages of Okta's groups and of their members: a listing is read to its end, or it is none.
//!
//! Follows "Link header" of core Okta API, as `snapshot` does for assignments.

use std::collections::HashSet;

use crate::domain::groups::group::OktaGroup;
use crate::domain::groups::members::{Gathering, Members};
use crate::domain::groups::seat::Seat;
use crate::domain::positions::hash;
use crate::domain::walk::Incomplete;

/// More pages than any group or application has.
const MOST_PAGES: usize = 20_000;

/// Where a walk was, so that one in a circle is noticed.
#[derive(Debug, Default)]
struct Trail {
    cursors: HashSet<u64>,
    pages: usize,
    ended: Ended,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Ended {
    #[default]
    NotYet,
    Yes,
}

impl Trail {
    fn step(&mut self, next: Option<&str>) -> Result<(), Incomplete> {
        self.pages += 1;
        let Some(cursor) = next else {
            self.ended = Ended::Yes;
            return Ok(());
        };
        if !self.cursors.insert(hash(cursor)) {
            return Err(Incomplete::Circle { page: self.pages });
        }
        if self.pages == MOST_PAGES { Err(Incomplete::Endless) } else { Ok(()) }
    }

    fn end(&self) -> Result<(), Incomplete> {
        if self.ended == Ended::Yes { Ok(()) } else { Err(Incomplete::CutShort) }
    }
}

/// A walk through a listing of groups.
#[derive(Debug, Default)]
pub struct GroupWalk {
    trail: Trail,
    groups: Vec<OktaGroup>,
}

impl GroupWalk {
    /// Takes the next page, and the cursor of the one behind it. A row without an id may be any group, so that nothing is complete with it.
    pub fn take(&mut self, rows: Vec<Option<OktaGroup>>, next: Option<&str>) -> Result<(), Incomplete> {
        for row in rows {
            self.groups.push(row.ok_or(Incomplete::Nameless)?);
        }
        self.trail.step(next)
    }

    /// The groups, if the last page was read.
    pub fn finish(self) -> Result<Vec<OktaGroup>, Incomplete> {
        self.trail.end().map(|()| self.groups)
    }
}

/// A walk through the members of one group.
#[derive(Debug, Default)]
pub struct MemberWalk {
    trail: Trail,
    gathering: Gathering,
}

impl MemberWalk {
    /// Takes the next page: each id with its seat, where it has one, and the cursor of the page behind it.
    pub fn take<'i>(
        &mut self,
        rows: impl IntoIterator<Item = Option<(Option<Seat>, &'i str)>>,
        next: Option<&str>,
    ) -> Result<(), Incomplete> {
        for row in rows {
            let (seat, id) = row.ok_or(Incomplete::Nameless)?;
            self.gathering.take(seat, id);
        }
        self.trail.step(next)
    }

    /// The members, if the last page was read.
    pub fn finish(self) -> Result<Members, Incomplete> {
        self.trail.end().map(|()| self.gathering.finish())
    }
}
