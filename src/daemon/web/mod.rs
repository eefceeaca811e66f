//! The daemon's HTTP endpoint and its status page.

pub(super) mod endpoint;
mod page;
