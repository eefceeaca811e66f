//! The traits between the engine and the outside: what is asked of Okta (`source`), of Haiilo (`target`) and of the store.
//!
//! Reading and writing are different traits. A dry run is built without the writing ones, so it has nothing to write with. `adapters` puts
//! everything that is read in one place, and `failure` says what follows from a call that failed.

mod adapters;
mod failure;
mod source;
mod store;
mod target;

pub use adapters::Adapters;
pub use failure::*;
pub use source::*;
pub use store::*;
pub use target::*;
