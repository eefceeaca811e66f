//! The architecture, held by tests.
//!
//! Each source file of `src`, `tests` and `benches` is read once (`source`, with `tokens` and `items`). What it names, defines, declares and how
//! long it is goes to the rules; each rule gives a list of problems, and a test fails with that list. Beside each rule stands a test with a text
//! that breaks it, and with one that comes close and is allowed.
//!
//! What is held:
//!
//! - `layers`: imports go down, in the crate and in `domain`; what only one module may name (HTTP, SQL, the time, the environment, the
//!   terminal, writing to the store); the domain is pure; each call that clippy forbids is proven to be found.
//! - `graph`: no files depend on each other in a circle, through exports and through the methods of one type neither.
//! - `layout`: files of at most 500 lines that begin with `//!`, folders of at most 15 files, a mod.rs that only declares, no file that is
//!   never compiled.
//! - `names`: one name for one type; words that no name has in it.
//! - `size`: the length of functions, the number of thin files; it prints the lines of code.
//! - `english`: words that may only become fewer in sources and documents.
//!
//! Some rules have exceptions, in a constant at the top of the file. An exception that is no longer needed fails the test too, so the lists
//! only become shorter. `cargo test --test it tidy -- --nocapture` prints today's figures.

mod english;
mod graph;
mod items;
mod layers;
mod layout;
mod names;
mod size;
mod source;
mod tokens;
