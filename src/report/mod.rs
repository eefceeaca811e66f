//! Reports: a plan, or what became of it, as text, JSON or CSV. Pure: makes texts and prints none.

mod cell;
mod csv;
pub mod journal;
mod json;
pub mod status;
mod subject;
mod text;

pub use self::csv::csv;
pub use json::json;
pub use subject::{Ending, Report, Sharing, View, Who, amount};
pub use text::text;
