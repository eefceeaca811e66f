//! Walks along the pages of Okta's groups and of their members: a listing is read to its end, or it is none.
//!
//! Follows "Link header" of core Okta API, as `snapshot` does for assignments.

use crate::domain::groups::group::OktaGroup;
use crate::domain::groups::members::{Gathering, Members};
use crate::domain::groups::seat::Seat;
use crate::domain::trail::Trail;
use crate::domain::walk::Incomplete;

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
