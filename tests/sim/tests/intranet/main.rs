//! The simulated intranet, asked over HTTP.

mod discovery;
mod extensions;
mod fields;
mod groups;
mod lifecycle;
mod tokens;
mod users;
mod world;
