//! Cells of CSV, safe to open in a spreadsheet.

use std::fmt::Display;

use serde::{Serialize, Serializer};

/// A cell. One that a spreadsheet would take for a formula gets an apostrophe before it.
#[derive(Clone, Default)]
pub(super) struct Cell(String);

impl Cell {
    pub(super) fn of(content: impl Display) -> Self {
        Self(content.to_string())
    }

    pub(super) fn maybe(content: Option<impl Display>) -> Self {
        content.map(Self::of).unwrap_or_default()
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.starts_with(['=', '+', '-', '@', '\t', '\r']) {
            serializer.serialize_str(&format!("'{}", self.0))
        } else {
            serializer.serialize_str(&self.0)
        }
    }
}

/// Rows under a header. All are of one length.
pub(super) fn table<R: Serialize>(header: &[&str], rows: &[R]) -> String {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(header).expect("a vector takes every row");
    for row in rows {
        writer.serialize(row).expect("a vector takes every row, and all rows are of one length");
    }
    let bytes = writer.into_inner().expect("a vector takes every byte");
    String::from_utf8(bytes).expect("made of texts")
}
