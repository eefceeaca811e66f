//! The store: what must outlast a cycle, in SQLite or in PostgreSQL.
//!
//! Implements the store's ports. Knows nothing of Okta, Haiilo or the engine. Every write is durable before it returns.

mod approvals;
mod batch;
mod decisions;
mod dialect;
mod file_lock;
mod groups;
mod history;
mod journal;
mod line;
mod lock;
mod lock_error;
mod notes;
mod open;
mod path;
mod pause;
mod place;
mod polling;
mod postgres;
mod probe;
mod reading;
mod schema;
mod sqlite;
mod standing;
mod target;
mod writing;

pub use lock::CycleLock;
pub use lock_error::LockError;
pub use open::{ReadStore, Store};
pub use path::StorePath;
pub use place::StorePlace;
