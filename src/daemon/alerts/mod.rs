//! Alerts about cycles, and the heartbeat.
//!
//! After each cycle the loop hands its result to the [`Notifier`](notifier::Notifier). The
//! [`AlertLog`](alert_log::AlertLog) decides which alerts are due: what it sent before, it does not send again for a day. The
//! [`Webhook`](webhook::Webhook) delivers them, and calls the heartbeat after a cycle that was fully applied.
//! The log is saved in the store, and neither a restart nor another process repeats an alert.

mod alert_log;
pub(super) mod notifier;
pub(super) mod webhook;
