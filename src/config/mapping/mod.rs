//! The mapping file: which attribute of a Haiilo account comes from where.
//!
//! `file` reads the rules, the tables and who takes part, and gives them to the domain, which knows what an expression means. `attributes`
//! knows what a product accepts. `test_cases` reads the tests of the file, and `test` runs them, which `check` does.

mod attributes;
mod file;
mod test;
mod test_cases;

pub(super) use attributes::{MappingTarget, ProfileFields};
pub(super) use file::{MappingFile, parse};
pub use test::{MappingTest, TestOutcome, run_tests};
