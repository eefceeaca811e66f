//! The report as text, as one would paste it into a ticket. `people` writes it from top to bottom, `groups` adds what concerns groups, and
//! `writer` is what they write on: lines, titles and tables. Words that other forms share are in `words`.

mod groups;
mod people;
pub(super) mod writer;

pub use people::text;
