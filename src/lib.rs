//! Keeps the users of Haiilo equal to the people who are assigned to the Haiilo application in Okta.

pub mod cli;
pub mod clock;
pub mod config;
pub mod daemon;
pub mod domain;
pub mod engine;
pub mod haiilo;
pub mod http;
pub mod okta;
pub mod ports;
pub mod report;
pub mod store;
