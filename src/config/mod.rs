//! The configuration: a file and the environment, read, checked, and turned into settings. Every problem is told at once.
//!
//! Knows the domain's words and nothing of the world behind them: no request is sent from here.

mod document;
mod env;
mod groups;
mod haiilo;
mod layers;
mod limits;
mod load;
mod mapping_cases;
mod mapping_file;
pub mod mapping_test;
mod nearest;
mod okta;
mod postgres_url;
mod problem;
mod product;
mod reader;
pub mod sample;
mod secret;
mod section;
mod service;
pub mod settings;
mod values;

pub use env::EnvVars;
pub use load::{CheckCron, ConfigDraft, keys, load, load_draft};
pub use nearest::nearest;
pub use problem::Problem;
pub(crate) use values::parse_duration;
