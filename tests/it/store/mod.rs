//! The store: what it remembers, and who may write to it.
//!
//! Most tests of `contents` and `history` run on SQLite and on PostgreSQL. `sqlite_file` tests the file itself, `unusable` tests the built program
//! with a store that is damaged, read-only or full, and `postgres_instances` tests several instances with one database.

mod contents;
mod history;
mod postgres_instances;
mod sqlite_file;
mod unusable;
