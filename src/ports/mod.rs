//! The traits between the engine and the world outside: what is asked of Okta, of Haiilo and of the store.
//!
//! Reading and writing are different traits. A dry run is built without the writing ones, so that it has nothing to write with.

mod cycle;
mod groups;
mod world;

pub use cycle::*;
pub use groups::*;
pub use world::World;
