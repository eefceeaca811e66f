//! What tests share.
//!
//! - `world`: a simulated Okta, a simulated Haiilo, a store and a clock, with the engine between them in this process.
//! - `program`: the built program as a child process, in a folder of its own, between the same simulators.
//! - `daemon`: the built program as a daemon, its address, log and signals.
//! - `defaults`: the mapping, the policy and the credentials that tests begin with.
//! - `operator`: what an operator does between two cycles.
//! - `output`: reports as JSON, and errors with their causes.
//! - `environment`: what the environment chooses for a run of the tests.
//! - `postgres`: databases for the tests that need PostgreSQL.

pub(crate) mod daemon;
pub(crate) mod defaults;
pub(crate) mod environment;
pub(crate) mod operator;
pub(crate) mod output;
pub(crate) mod postgres;
pub(crate) mod program;
pub(crate) mod world;
