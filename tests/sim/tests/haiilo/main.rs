//! The simulated Haiilo, asked over HTTP.

mod advocacy;
mod bends;
#[path = "../scim/client.rs"]
mod client;
mod door;
mod lists;
mod looks;
mod world;
mod writes;
