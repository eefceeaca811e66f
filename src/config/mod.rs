//! The configuration: read, checked, and turned into settings.

mod document;
mod mapping_cases;
mod mapping_file;
pub mod mapping_test;
mod problem;
mod product;
mod section;
pub mod settings;

pub use problem::Problem;
