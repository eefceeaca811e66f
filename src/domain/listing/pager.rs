//! Reads a SCIM listing by index (RFC 7644, 3.4.2.4), of any resource type. The listing is complete when its total agrees with the rows
//! received, or when a second reading gives the same ids. The pager knows only the ids of the rows.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use crate::model::key_index::hash;

/// More pages than any organization has. A listing with more pages loops.
pub(crate) const MOST_PAGES: usize = 20_000;

/// A listing that cannot be used for a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Incomplete {
    /// A cursor was seen before.
    #[error(
        "page {page} points back to a page that was read before; nothing can be concluded from a listing that goes in circles: try again, and if it lasts, ask the support of that side"
    )]
    Circle {
        /// The page, from 1.
        page: usize,
    },
    /// The listing does not end.
    #[error("there is no end after {MOST_PAGES} pages; try again, and if it lasts, ask the support of that side")]
    Endless,
    /// The reading did not finish.
    #[error("the listing ended before its last page; try again")]
    CutShort,
    /// A total without rows.
    #[error("the server says that it has {total} {what} and shows none; try again, and if it lasts, ask its support")]
    NoRows {
        /// What the listing contains.
        what: &'static str,
        /// `totalResults`.
        total: u64,
    },
    /// A row without an id, in a listing where each row matters.
    #[error(
        "a row of a page has no id, so that nobody knows which group or member it is; try again, and if it lasts, ask the support of that side"
    )]
    Nameless,
}

/// One page of a SCIM listing to request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// `startIndex`, from 1.
    pub start: u64,
    /// `count`.
    pub count: u32,
}

/// What a SCIM listing lists.
pub trait ScimRow {
    /// The plural word for the rows.
    const WHAT: &'static str;

    /// The id that identifies a row.
    fn id(&self) -> &str;
}

/// Whether two sources agree that a listing of accounts is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The number of rows received equals the server's total, or a second reading gave the same ids.
    Agreed,
    /// They do not agree. The listing can be used for updates, and not for decisions that depend on who is *not* listed.
    Doubtful(String),
}

/// A reading by index. It says which pages it needs next. They may be requested at once, and may arrive in any order.
#[derive(Debug)]
pub struct ScimPager<T> {
    count: u32,
    stage: PagerStage,
    pages: usize,
    round: Round<T>,
    first: Option<Round<T>>,
}

/// The result of a reading: each row once, in its latest version, and whether the rows are complete.
#[derive(Debug)]
pub struct PagedRows<T> {
    /// The rows, in no order. If two rows have the same id, the first one counts.
    pub rows: Vec<T>,
    /// Whether the listing is complete.
    pub proof: Proof,
    /// Pages read.
    pub pages: usize,
}

/// The stage of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PagerStage {
    /// Nothing was read yet.
    Start,
    /// The first page was shorter than requested. The second page shows whether all of the server's pages are.
    Second,
    /// Pages up to the total were requested.
    Middle,
    /// The page after the last one was requested, to check that it is empty.
    End,
    /// The end was reached.
    Over,
}

/// The state of one pass from the first row to the last.
#[derive(Debug)]
struct Round<T> {
    rows: Vec<T>,
    /// Hashes of the ids seen so far.
    seen: HashSet<u64, BuildHasherDefault<IdentityHasher>>,
    unreadable: usize,
    /// The position of the last row received.
    reached: u64,
    totals: Vec<Option<u64>>,
    /// Ranges of rows that a short page did not contain.
    gaps: Vec<PageRequest>,
    /// Number of pages that should have held rows and were empty.
    holes: usize,
    /// Number of pages that should have held new rows and held known rows.
    repeats: usize,
}

impl<T> Default for Round<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            seen: HashSet::default(),
            unreadable: 0,
            reached: 0,
            totals: Vec::new(),
            gaps: Vec::new(),
            holes: 0,
            repeats: 0,
        }
    }
}

/// A hasher for numbers that are already hashes.
#[derive(Clone, Copy, Debug, Default)]
struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl<T: ScimRow> ScimPager<T> {
    /// Starts a reading that requests `count` rows per page.
    pub fn new(count: u32) -> Self {
        Self { count, stage: PagerStage::Start, pages: 0, round: Round::default(), first: None }
    }

    /// The pages to request now; empty when the reading is finished.
    pub fn wanted(&mut self) -> Result<Vec<PageRequest>, Incomplete> {
        if self.pages >= MOST_PAGES * 10 {
            return Err(Incomplete::Endless);
        }
        if !self.round.gaps.is_empty() {
            return Ok(std::mem::take(&mut self.round.gaps));
        }
        let next = vec![PageRequest { start: self.round.reached + 1, count: self.count }];
        match self.stage {
            PagerStage::Start | PagerStage::Second | PagerStage::End => Ok(next),
            PagerStage::Middle => {
                self.stage = PagerStage::End;
                Ok(next)
            }
            PagerStage::Over => self.settle(),
        }
    }

    /// Whether the last requested page is after the last row. Some servers answer such a request with an error.
    pub fn is_past_the_end(&self) -> bool {
        self.stage == PagerStage::End
    }

    /// Adds the rows of a requested page, `None` for each unreadable row, and the total from the server.
    pub fn take_rows(
        &mut self,
        request: PageRequest,
        rows: impl ExactSizeIterator<Item = Option<T>>,
        total: Option<u64>,
    ) -> Result<(), Incomplete> {
        self.pages += 1;
        let received = rows.len() as u64;
        let is_repeat = self.round.add(rows) == 0 && received > 0;
        match self.stage {
            PagerStage::Start => {
                self.round.totals.push(total);
                self.round.reached = received;
                self.stage = match (received, total) {
                    (0, Some(total)) if total > 0 => return Err(Incomplete::NoRows { what: T::WHAT, total }),
                    (0, _) => PagerStage::Over,
                    (_, Some(total)) if total > received && received < u64::from(self.count) => PagerStage::Second,
                    (_, Some(total)) if total > received => self.fan_out(received, total)?,
                    _ => PagerStage::Middle,
                };
            }
            PagerStage::Second => {
                self.round.totals.push(total);
                self.round.reached += received;
                self.stage = match total {
                    Some(total) if received > 0 && total > self.round.reached => self.fan_out(received, total)?,
                    _ => PagerStage::Middle,
                };
            }
            PagerStage::Middle => {
                self.round.totals.push(total);
                let due = u64::from(request.count).min(total.unwrap_or(0).saturating_sub(request.start - 1));
                self.round.reached = self.round.reached.max(request.start - 1 + received);
                if due > 0 && received == 0 {
                    self.round.holes += 1;
                } else if due > 0 && is_repeat {
                    self.round.repeats += 1;
                } else if received < due {
                    let start = request.start + received;
                    self.round.gaps.push(PageRequest { start, count: clamp(due - received) });
                }
            }
            PagerStage::End => {
                // After the end, some servers show the first rows again. The listing goes on only if there are new ids.
                if received == 0 || is_repeat {
                    // Without a total, repeated rows may also mean that the server ignores startIndex.
                    self.round.repeats += usize::from(is_repeat && self.round.totals.contains(&None));
                    self.stage = PagerStage::Over;
                } else {
                    self.round.totals.push(total);
                    self.round.reached += received;
                }
            }
            PagerStage::Over => {}
        }
        Ok(())
    }

    /// All rows, after no more pages are needed.
    pub fn listed_rows(self) -> Result<PagedRows<T>, Incomplete> {
        let what = T::WHAT;
        let Self { count: _, stage, pages, round, first } = self;
        if stage != PagerStage::Over || !round.gaps.is_empty() {
            return Err(Incomplete::CutShort);
        }
        let proof = match &first {
            None => round.agreement(),
            Some(first) if first.repeats + round.repeats > 0 => {
                Proof::Doubtful(format!("Haiilo answers with the same {what} whatever startIndex is asked for"))
            }
            Some(first) if first.seen == round.seen => Proof::Agreed,
            Some(first) => Proof::Doubtful(format!(
                "two readings of Haiilo's {what} gave different ids ({} and {})",
                first.seen.len(),
                round.seen.len()
            )),
        };
        let unreadable = first.as_ref().map_or(0, |first| first.unreadable).max(round.unreadable);
        let proof = match (unreadable, proof) {
            (0, proof) => proof,
            (unreadable, _) => Proof::Doubtful(format!("{unreadable} of Haiilo's {what} could not be read")),
        };
        // Rows of the later pass come first, so they are kept.
        let mut rows = round.rows;
        rows.extend(first.into_iter().flat_map(|first| first.rows));
        Ok(PagedRows { rows, proof, pages })
    }

    /// Requests all pages up to the total at once. The page size is the one that the server used, not the requested one.
    fn fan_out(&mut self, size: u64, total: u64) -> Result<PagerStage, Incomplete> {
        // Reject an impossibly large total.
        if total / size > MOST_PAGES as u64 * 10 {
            return Err(Incomplete::Endless);
        }
        self.round.expect(total);
        let first = self.round.reached + 1;
        let starts = (0..).map(|page| first + page * size).take_while(|start| *start <= total);
        self.round.gaps = starts.map(|start| PageRequest { start, count: clamp(size) }).collect();
        Ok(PagerStage::Middle)
    }

    /// At the end of a pass: finish, or start a second pass from the first row because the totals do not agree.
    fn settle(&mut self) -> Result<Vec<PageRequest>, Incomplete> {
        if self.first.is_some() || self.round.agreement() == Proof::Agreed {
            return Ok(Vec::new());
        }
        self.first = Some(std::mem::take(&mut self.round));
        self.stage = PagerStage::Start;
        self.wanted()
    }
}

/// The maximum number of accounts to reserve memory for: the server's total may be wrong.
const MOST_EXPECTED: u64 = 1_000_000;

impl<T: ScimRow> Round<T> {
    /// Reserves memory for the server's total, so the rows are not moved as the list grows.
    fn expect(&mut self, total: u64) {
        let more = clamp(total.min(MOST_EXPECTED)) as usize;
        self.rows.reserve_exact(more.saturating_sub(self.rows.len()));
        self.seen.reserve(more.saturating_sub(self.seen.len()));
    }

    /// Adds rows and returns how many of them were new.
    fn add(&mut self, rows: impl Iterator<Item = Option<T>>) -> usize {
        let before = self.rows.len() + self.unreadable;
        for row in rows {
            match row {
                Some(row) if self.seen.insert(hash(row.id())) => self.rows.push(row),
                Some(_) => {}
                None => self.unreadable += 1,
            }
        }
        self.rows.len() + self.unreadable - before
    }

    /// Whether each total equals the number of rows received.
    fn agreement(&self) -> Proof {
        let received = (self.rows.len() + self.unreadable) as u64;
        let agreed = self.totals.iter().all(|total| *total == Some(received)) && self.holes + self.repeats == 0;
        let nothing_at_all = received == 0 && self.totals.iter().all(|total| matches!(total, None | Some(0)));
        if agreed || nothing_at_all {
            Proof::Agreed
        } else {
            Proof::Doubtful("the number of rows is not the total that Haiilo gives".to_owned())
        }
    }
}

fn clamp(rows: u64) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}
