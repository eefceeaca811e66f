//! The configuration: read, checked, and turned into settings.

pub mod settings;
