//! Answers to questions about the application, its users and groups.
//!
//! `lists` takes a call that is allowed, selects rows with `filter`, cuts them into pages with `page`, which names the next page by a
//! `cursor`, and writes them with `wire`. The System Log has pages and cursors of the same kind, but rows and filters of its own.

pub(crate) mod cursor;
pub(crate) mod filter;
pub(crate) mod lists;
pub(crate) mod page;
pub(crate) mod wire;
