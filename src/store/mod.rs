//! The store: what must outlast a cycle, in SQLite or in PostgreSQL.
//!
//! Implements the store's ports; knows nothing of Okta, Haiilo or the engine. `open` gives a store that writes and holds the lock of the cycle
//! (`lock`), or one that can only read. `state_read` reads all that a plan is made from. `writer` writes, each call in one transaction that is
//! durable before it returns: intents and outcomes (`journal`), what follows from them and what a plan noticed (`state_write`), what an
//! operator decided (`acts`), and single values (`single_values`). `queries` answers what commands, the daemon and pages ask besides. `sql` says what
//! each type is in a column, and runs statements. `sqlite` and `postgres` hold what differs; the schema is one text for both.

mod acts;
mod journal;
mod location;
mod lock;
mod open;
mod postgres;
mod queries;
mod schema;
mod single_values;
mod sql;
mod sqlite;
mod state_read;
mod state_write;
mod writer;

pub use location::{StorePath, StorePlace};
pub use lock::LockError;
pub use open::{CycleLock, ReadStore, Store};
