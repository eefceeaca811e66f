//! What is shipped besides the program, and what it says.
//!
//! `pages`, `configuration`, `mapping` and `mapping_sample` test that the pages in `docs/` and the samples agree with the code;
//! `UPDATE_DOCS=1 cargo test --test it -- docs` writes the pages that are made from the code. `error_texts` tests the wording of every error message.
//! `shipped_files` tests completions, manual pages and units of systemd.

mod configuration;
mod error_texts;
mod mapping;
mod mapping_sample;
mod pages;
mod shipped_files;
