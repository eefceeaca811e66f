//! Simulated Okta and Haiilo, written from their documents.
//!
//! State is apart from the HTTP face; faults and latency are data; a log of calls and a journal of writes tell what a client did.
//! Nothing here names the product that it tests.

pub mod clock;
pub mod face;
pub mod fault;
pub mod haiilo;
pub mod okta;
pub mod people;

pub use clock::SimClock;
pub use face::{Answer, Call, Logged, Packing, Server, Side};
pub use fault::{Fault, When};
