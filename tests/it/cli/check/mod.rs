//! The command `check`: each finding is provoked once.
//!
//! `findings` tests the findings about Okta, the mapping and the length of a cycle, `haiilo` those about Haiilo. `write_probe` tests the account that
//! `check` makes, changes and deletes to learn how Haiilo writes; `directory_probe` tests what it learns about the user directory of an intranet.

mod directory_probe;
mod findings;
mod haiilo;
mod write_probe;
