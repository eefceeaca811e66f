//! The simulated intranet, asked over HTTP.

mod groups;
mod tokens;
mod users;
mod world;
