//! The simulated Okta as a client sees it: over loopback, by a clock that stands still.

mod bends;
mod dpop;
mod keys;
mod lists;
mod manners;
mod personnel;
mod rate;
mod support;
mod tokens;
mod users;
