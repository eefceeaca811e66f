//! Reports of plans and cycles.
//!
//! `text` tests the forms that people read and paste into tickets, `html` tests the report for a browser, `json` tests each part of the report for
//! scripts. `program` tests the options of the built program: format, destination, and reports without names.

mod html;
mod json;
mod program;
pub(crate) mod text;
