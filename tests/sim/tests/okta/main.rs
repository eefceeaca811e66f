//! The simulated Okta as a client sees it: over loopback, by a clock that stands still.

mod bends;
mod dpop;
mod keys;
mod lists;
mod log;
mod log_deeds;
mod log_faults;
mod manners;
mod past;
mod personnel;
mod rate;
mod support;
mod tokens;
mod users;
