//! The daemon: cycles by themselves, on a schedule.

pub mod schedule;
