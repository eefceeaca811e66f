//! The configuration: a file, an environment, a mapping and secrets, and the settings, warnings or problems that come of them.

mod loading;
mod secrets;
mod setup;
mod values;
