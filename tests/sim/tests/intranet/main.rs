//! The simulated intranet, asked over HTTP.

#[path = "../scim/client.rs"]
mod client;
mod discovery;
mod extensions;
mod fields;
mod groups;
mod lifecycle;
mod tokens;
mod users;
mod world;
