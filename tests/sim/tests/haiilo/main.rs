//! The simulated Haiilo, asked over HTTP.

mod advocacy;
mod bends;
mod door;
mod lists;
mod looks;
mod world;
mod writes;
