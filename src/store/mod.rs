//! The store: what must outlast a cycle, in SQLite.
//!
//! Implements the store's ports. Knows nothing of Okta, Haiilo or the engine. Every write is durable before it returns.

mod approvals;
mod decisions;
mod history;
mod journal;
mod lock;
mod notes;
mod open;
mod path;
mod pause;
mod reading;
mod standing;
mod writing;

pub use lock::{CycleLock, LockError};
pub use open::{ReadStore, Store};
pub use path::StorePath;
