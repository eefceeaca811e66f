//! The report as one HTML file.

mod entries;
mod headline;
mod marked;
mod page;
mod picture;

pub use page::html;
