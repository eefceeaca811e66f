//! Reports: a plan, or what became of it, as text, JSON, CSV or HTML. Pure: makes texts and prints none.

mod cell;
mod csv;
mod explain;
mod explain_json;
mod groups;
mod html;
pub mod journal;
mod json;
mod requests;
mod sharing;
mod sheet;
pub mod status;
mod subject;
mod text;

pub use self::csv::csv;
pub use explain::{LoginExplanation, PersonExplanation, text as explain};
pub use explain_json::explain_json;
pub use html::html;
pub use json::json;
pub use subject::{GroupResults, PeopleShown, Report, ReportStage, SharedChanges, TextOptions, amount};
pub use text::text;
