//! The configuration: a file, the environment, files with secrets and the mapping file go in; checked settings come out, or every problem
//! at once. Sends no request, and writes nothing.
//!
//! - `document` parses a TOML file into values with their position; `layers` merges the environment over them.
//! - `reader` reads the keys from there, each once and by its type (`values`). It notes problems, warnings, and the value of each key; a
//!   key that nothing reads is unknown. The configuration and the mapping file are read in the same way.
//! - `okta`, `haiilo`, `policy` and `service` read the sections, `secret` finds the secrets, `mapping` reads the mapping file. `load` puts
//!   all of it together.
//! - `settings` are the result. `sample` holds the shipped samples, from which `init` makes a new configuration.
//!
//! No message holds a secret: it names the key and its position, and shows a value only where none can be a secret.

mod document;
mod env;
mod haiilo;
mod layers;
mod load;
pub mod mapping;
mod okta;
mod policy;
mod postgres_url;
mod reader;
pub mod sample;
mod secret;
mod service;
pub mod settings;
mod values;

pub use document::Problem;
pub use env::EnvVars;
pub use load::{ConfigDraft, keys, load, load_draft};
pub use reader::nearest;
pub use service::CheckCron;
pub(crate) use values::parse_duration;
