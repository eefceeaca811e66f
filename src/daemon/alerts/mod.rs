//! Alerts about cycles.

pub(super) mod alert_log;
pub(super) mod webhook;
