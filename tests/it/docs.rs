//! The pages in `docs/`: those that are made from the code are what would be made now, and what they say of the code is so.

use std::fs;
use std::path::{Path, PathBuf};

/// A page of the documentation.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

/// Its text.
pub(crate) fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("docs/{name}: {error}"))
}

/// A page that is made is this text; with `UPDATE_DOCS=1` it becomes this text.
#[track_caller]
pub(crate) fn compare(name: &str, made: &str) {
    #[expect(clippy::disallowed_methods, reason = "whoever runs the test says whether pages are written anew")]
    let is_to_be_written = std::env::var_os("UPDATE_DOCS").is_some();
    if is_to_be_written {
        fs::write(path(name), made).expect("the page");
    }
    let page = fs::read_to_string(path(name)).unwrap_or_default();
    let differing = page.lines().zip(made.lines()).find(|(page, made)| page != made);
    assert!(
        page == made,
        "docs/{name} is not what would be made now ({differing:?}); UPDATE_DOCS=1 cargo test --test it -- docs"
    );
}

/// The blocks between fences of this kind.
pub(crate) fn fenced(page: &str, kind: &str) -> Vec<String> {
    let fence = format!("\n```{kind}\n");
    let blocks = page.split(&fence).skip(1);
    blocks.map(|block| block.split("\n```").next().unwrap_or_default().to_owned() + "\n").collect()
}
