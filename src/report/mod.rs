//! Reports: a plan, or what became of it, as text, JSON, CSV or HTML. Pure: makes texts and prints none.
//!
//! A [`Report`] (`model`) holds the plan about people and groups, what the limits say of it, and what became of it. Each form reads it:
//! `text` for a terminal or a ticket, `json` for scripts, `csv` (a table of the JSON objects) for a spreadsheet, `html` for a browser. What
//! they say alike, such as the status of a leaver, is in `words`; what only one form says is in its own file, in the order of the report.
//!
//! Three smaller reports have a file each, with their text and their JSON: `explain` (one person), `journal` (what was done) and `status`
//! (whether cycles come, and what waits for an approval).

mod csv;
mod explain;
mod html;
pub mod journal;
mod json;
mod model;
pub mod status;
mod text;
mod words;

pub use self::csv::csv;
pub use explain::{LoginExplanation, PersonExplanation, explain_json, text as explain};
pub use html::html;
pub use json::json;
pub use model::{GroupResults, PeopleShown, Report, ReportStage, SharedChanges, TextOptions};
pub use text::text;
pub use words::amount;
