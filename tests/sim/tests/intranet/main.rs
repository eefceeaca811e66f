//! The simulated intranet, asked over HTTP.

mod fields;
mod groups;
mod lifecycle;
mod tokens;
mod users;
mod world;
