//! A trail: where a walk along cursors was. A listing that goes in a circle, or has no end, is none.
//!
//! Follows "Link header" of core Okta API.

use std::collections::HashSet;

use crate::domain::positions::hash;
use crate::domain::walk::{Incomplete, MOST_PAGES};

/// The pages of a walk so far.
#[derive(Debug, Default)]
pub(in crate::domain) struct Trail {
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
    /// A page was read, behind which this cursor leads.
    pub(in crate::domain) fn step(&mut self, next: Option<&str>) -> Result<(), Incomplete> {
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

    /// Whether the last page was read.
    pub(in crate::domain) fn end(&self) -> Result<(), Incomplete> {
        if self.ended == Ended::Yes { Ok(()) } else { Err(Incomplete::CutShort) }
    }

    /// Pages read.
    pub(in crate::domain) fn pages(&self) -> usize {
        self.pages
    }
}
