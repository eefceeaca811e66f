//! The report as one HTML file. `page` fills the template from a report: the headline, `charts` (a bar of all people, a gauge for each limit),
//! and the sections of `entries`.

mod charts;
mod entries;
mod page;

pub use page::html;
