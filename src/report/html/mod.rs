//! The report as one HTML file. `page` fills the template from a report: the headline, `picture` (a bar of all people, a gauge for each limit),
//! and the sections of `entries`.

mod entries;
mod page;
mod picture;

pub use page::html;
